import { describe, expect, it } from 'vitest';
import { NodeJournal } from '../../src/node/index.ts';
import { SimulatedCluster } from '../../src/testing/index.ts';
import { checkJournals } from '../linearizability/index.ts';
import { grantedTo, openOn, three } from './client.ts';
import { fallenBehind, untilCaughtUp } from './straggler.ts';

/** What nodes wrote, by node id, through all their restarts. */
type Written = Map<string, string>;

const stateEvery = 4;

/** Each node of `cluster` that starts from now on writes a journal into memory. */
function journalsOf(cluster: SimulatedCluster): Written {
  const written: Written = new Map();
  cluster.observerOf = (nodeId) =>
    new NodeJournal(
      {
        append: (lines) => written.set(nodeId, (written.get(nodeId) ?? '') + lines),
        close: () => undefined,
      },
      stateEvery,
    );
  return written;
}

/** Three nodes that have granted locks under two leaders; every one was killed once. */
function eventful(): { readonly cluster: SimulatedCluster; readonly written: Written } {
  const cluster = new SimulatedCluster(three);
  const written = journalsOf(cluster);
  cluster.startAll();
  for (const [n, nodeId] of three.entries()) {
    const leader = cluster.untilReady();
    const client = openOn(cluster, leader, n + 1, { isHome: false });
    for (let lock = 0; lock < 10; lock += 1) grantedTo(cluster, client, `${nodeId}-${lock}`);
    cluster.kill(nodeId);
    cluster.time.advance(5_000);
    cluster.start(nodeId);
  }
  cluster.untilReady();
  for (const nodeId of three) untilCaughtUp(cluster, nodeId);
  return { cluster, written };
}

const linesOf = (text = ''): readonly Readonly<Record<string, unknown>>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('the journals of a cluster', () => {
  it('agree, over kills and changes of leader', () => {
    const { cluster, written } = eventful();

    const { violations, compared, states } = checkJournals(written.values());

    expect(violations).toEqual([]);
    const last = Math.min(...three.map((id) => cluster.runtime(id).status().appliedIndex));
    expect(compared).toBeGreaterThanOrEqual(last);
    expect(states).toBeGreaterThanOrEqual(Math.floor(last / stateEvery));
  });

  it('tell the votes and the leader of every term that had one', () => {
    const { cluster, written } = eventful();

    const lines = [...written.values()].flatMap(linesOf);

    const led = lines.filter(({ ev }) => ev === 'leader');
    const { term, leader } = cluster.runtime('a').status();
    expect(led).toContainEqual({ ev: 'leader', node: leader, term });
    expect(new Set(led.map((line) => line['term'])).size).toBe(led.length);
    for (const { node, term: of } of led) {
      const voters = lines.filter((line) => line['ev'] === 'vote' && line['term'] === of && line['for'] === node);
      expect(new Set(voters.map((line) => line['node'])).size, `term ${of}`).toBeGreaterThanOrEqual(2);
    }
  });

  it('agree over an installed snapshot', () => {
    const { cluster, lagging } = fallenBehind();
    const written = journalsOf(cluster);
    // The others know nothing of it, so what the newcomer writes is compared with its own next run.
    cluster.kill(lagging);
    cluster.heal();
    cluster.start(lagging);
    untilCaughtUp(cluster, lagging);

    const lines = linesOf(written.get(lagging));

    expect(lines.map(({ ev }) => ev)).toContain('snapshot');
    expect(checkJournals(written.values()).violations).toEqual([]);
  });

  it.each([
    ['an entry', /("ev":"apply".*"hash":")./, 'other-bytes'],
    ['the table', /("ev":"apply".*"state":")./, 'other-state'],
    ['who leads', /("ev":"leader","node":")./, 'two-leaders'],
  ])('are rejected when two nodes differ in %s', (_what, place, rule) => {
    const { written } = eventful();
    const [text = ''] = [...written.values()].filter((each) => place.test(each));
    const others = [...written.values()].filter((each) => each !== text);

    // A copy, so that there is a second account of everything the first one tells.
    const planted = text.replace(place, '$1!');

    expect(checkJournals([...others, text]).violations).toEqual([]);
    expect(checkJournals([...others, text, planted]).violations.map((violation) => violation.rule)).toContain(rule);
  });
});

describe('a journal', () => {
  it('tells of a ballot that its former process had no time to tell of', () => {
    const { cluster, written } = eventful();
    const vote = linesOf(written.get('a')).findLast(({ ev }) => ev === 'vote');
    written.clear();

    cluster.kill('a');
    cluster.start('a');
    cluster.time.advance(10);

    expect(linesOf(written.get('a'))[0]).toEqual(vote);
  });

  it('knows no vote before it is durable', () => {
    const cluster = new SimulatedCluster(three);
    const written = journalsOf(cluster);
    cluster.startAll();
    const leader = cluster.untilReady();
    const [follower = ''] = cluster.followers();
    const votes = (): number => linesOf(written.get(follower)).filter(({ ev }) => ev === 'vote').length;
    const before = votes();

    cluster.diskMs.set(follower, 60_000);
    cluster.kill(leader);
    cluster.time.advance(20_000);

    expect(cluster.runtime(follower).status().term).toBeGreaterThan(1);
    expect(votes()).toBe(before);
    cluster.time.advance(120_000);
    expect(votes()).toBeGreaterThan(before);
  });
});
