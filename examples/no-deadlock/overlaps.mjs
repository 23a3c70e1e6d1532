import { kindOf, permitsInAll } from './kinds.mjs';

/**
 * What is wrong with holds of all processes, in words; an empty list if nothing is. A span is { name, mode, permits, token,
 * from, to }, its times by the one clock of this host: `from` after the grant, `to` before the release.
 */
export function overlapsIn(spans) {
  const tokens = new Set(spans.map(({ token }) => token));
  const wrong = tokens.size === spans.length ? [] : ['one fencing token was given out twice'];
  for (const ofName of grouped(spans)) {
    const [{ name }] = ofName;
    wrong.push(...(kindOf(name) === 'semaphore' ? permitsBeyond(ofName) : excluded(ofName)));
  }
  return wrong;
}

function grouped(spans) {
  const groups = new Map();
  for (const span of spans) groups.set(span.name, [...(groups.get(span.name) ?? []), span]);
  return groups.values();
}

/** Of two holds that exclude each other, the one with the lower token must have ended before the other began. */
function excluded(spans) {
  const inOrder = spans.toSorted((one, other) => one.token - other.token);
  return inOrder.flatMap((later, at) =>
    inOrder
      .slice(0, at)
      .filter((earlier) => !isCompatible(earlier, later) && earlier.to > later.from)
      .map((earlier) => `${later.name}: token ${later.token} began before token ${earlier.token} had ended`),
  );
}

const isCompatible = (one, other) =>
  (one.mode === 'read' && ['read', 'upgradeable'].includes(other.mode)) ||
  (one.mode === 'upgradeable' && other.mode === 'read');

/** The most permits are out at the beginning of some hold. */
function permitsBeyond(spans) {
  return spans.flatMap(({ name, token, from }) => {
    const out = spans
      .filter((other) => other.from <= from && from < other.to)
      .reduce((sum, { permits }) => sum + permits, 0);
    return out > permitsInAll ? [`${name}: ${out} of ${permitsInAll} permits were out at token ${token}`] : [];
  });
}
