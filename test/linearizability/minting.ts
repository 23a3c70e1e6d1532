import type { Want } from './model.ts';
import type { Plan } from './plan.ts';

/** Where every token is minted once for all locks: what mints them, but for re-entries and what they enter. */
export function mintingIn({ musts, settings }: Plan): readonly number[] {
  const isShared = musts.some(
    ({ step }) => step.kind === 'grant' && step.wants.some(({ name }) => settings.of(name).readTokens === 'shared'),
  );
  if (!settings.isGlobal || isShared) return [];
  const mayEnter = (want: Want): boolean => want.reenters || settings.of(want.name).reentrant !== 'no';
  const minting = musts.flatMap(({ step }, at) => {
    if (step.kind === 'grant' && step.wants.some(mayEnter)) return [];
    const token = step.kind === 'grant' ? step.token : step.kind === 'convert' ? step.becomes : undefined;
    return token === undefined ? [] : [{ at, token }];
  });
  return minting.sort((a, b) => a.token - b.token).map(({ at }) => at);
}
