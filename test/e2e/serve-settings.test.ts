import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { durationMs } from '../../src/cli/duration.ts';
import { serveSettings } from '../../src/cli/serve-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-settings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(content: string): string {
  const path = join(folder, `${content.length}.json`);
  writeFileSync(path, content);
  return path;
}

describe('what serve is told', () => {
  it('comes from flags before the environment before the file before the defaults', () => {
    const config = fileWith('{"nodeId":"file","dataDir":"file","sessionTtl":"30s","members":{"flag":"127.0.0.1:1"}}');

    const settings = serveSettings(
      { nodeId: 'flag', config },
      { HOLDFAST_NODE_ID: 'variable', HOLDFAST_DATA_DIR: 'variable' },
    );

    expect(settings).toMatchObject({ nodeId: 'flag', dataDir: 'variable', sessionTtl: 30_000 });
    expect(settings).toMatchObject({ listen: '127.0.0.1:7400', healthListen: '127.0.0.1:8400', insecure: false });
  });

  it('may be the environment alone, as in a container', () => {
    const settings = serveSettings(
      {},
      {
        HOLDFAST_NODE_ID: 'b',
        HOLDFAST_LISTEN: '[::1]:7500',
        HOLDFAST_MEMBERS: 'a=a:7400, b=b:7400',
        HOLDFAST_INSECURE: 'true',
        HOLDFAST_ELECTION_TIMEOUT: '2s',
        // Not ours: some platforms set such a variable for every service.
        HOLDFAST_PORT: 'tcp://10.0.0.1:7400',
      },
    );

    expect(settings).toMatchObject({
      members: { a: 'a:7400', b: 'b:7400' },
      healthListen: '[::1]:8500',
      insecure: true,
      electionTimeout: 2_000,
    });
  });

  it('names the file of a journal, or none', () => {
    expect(serveSettings({}, {}).journal).toBeUndefined();
    expect(serveSettings({ journal: 'flag' }, { HOLDFAST_JOURNAL: 'variable' }).journal).toBe('flag');
    expect(serveSettings({}, { HOLDFAST_JOURNAL: 'variable' }).journal).toBe('variable');
    expect(serveSettings({ config: fileWith('{"journal":"file"}') }, {}).journal).toBe('file');
  });

  it('bounds what is kept, as a flag, a variable or a number of the file', () => {
    const config = fileWith('{"keptEvents":1024,"keptEntries":7}');

    expect(serveSettings({}, {})).toMatchObject({ keptEvents: undefined, keptEntries: undefined });
    expect(serveSettings({ config }, {})).toMatchObject({ keptEvents: 1_024, keptEntries: 7 });
    expect(serveSettings({ config }, { HOLDFAST_KEPT_EVENTS: '2048' }).keptEvents).toBe(2_048);
    expect(serveSettings({ config, keptEvents: '4096' }, { HOLDFAST_KEPT_EVENTS: '2048' }).keptEvents).toBe(4_096);
  });

  it('has no health port when told so, and any free one beside any free one', () => {
    expect(serveSettings({ healthListen: 'off' }, {}).healthListen).toBeUndefined();
    expect(serveSettings({ listen: '127.0.0.1:0' }, {}).healthListen).toBe('127.0.0.1:0');
  });

  it.each([
    ['an address without a port', { listen: 'localhost' }, {}, '--listen: expected host:port'],
    ['a port that is none', {}, { HOLDFAST_LISTEN: 'a:65536' }, 'HOLDFAST_LISTEN: expected host:port'],
    ['no health port beside the last one', { listen: 'a:65535' }, {}, '--health-listen'],
    ['a member without address', { members: 'a' }, {}, '--members: expected a=host:port,b=host:port, got "a="'],
    ['a member twice', { members: 'a=h:1,a=h:2' }, {}, '--members: the member "a" is listed twice'],
    ['no choice among several members', { members: 'a=h:1,b=h:2' }, {}, '--node-id: expected which of a, b'],
    ['a duration without a unit', {}, { HOLDFAST_SESSION_TTL: '10' }, 'HOLDFAST_SESSION_TTL: expected a duration'],
    ['a count that is none', { keptEntries: 'many' }, {}, '--kept-entries: expected a whole number'],
    ['events that are no number', {}, { HOLDFAST_KEPT_EVENTS: '1e3' }, 'HOLDFAST_KEPT_EVENTS: expected a whole number'],
    ['a log level of its own', { logLevel: 'loud' }, {}, '--log-level: expected one of fatal'],
    ['a switch that is neither on nor off', {}, { HOLDFAST_INSECURE: 'maybe' }, 'HOLDFAST_INSECURE: expected true'],
  ])('is refused with its place: %s', (_name, flags, environment, message) => {
    expect(() => serveSettings(flags, environment)).toThrow(message);
  });

  it.each([
    ['an unknown setting', '{"nodeid":"a"}', 'unknown setting "nodeid"; known are nodeId'],
    ['a wrong type', '{"dataDir":7}', 'dataDir: expected a path'],
    ['a list', '[]', 'expected a JSON object of settings'],
    ['no JSON', 'nodeId=a', 'cannot be read as a JSON configuration file'],
  ])('is refused with its place in the file: %s', (_name, content, message) => {
    const path = fileWith(content);

    expect(() => serveSettings({ config: path }, {})).toThrow(`${path}: ${message}`);
  });

  it('is refused when the file is not there', () => {
    expect(() => serveSettings({}, { HOLDFAST_CONFIG: '/nowhere.json' })).toThrow('/nowhere.json: cannot be read');
  });
});

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['5s', 5_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['0', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['', '5', '-1s', '1e3s', 's', 'NaN', '1s2', ' ', '1 s', '99999999999999999999s'])('"%s" is none', (text) => {
    expect(durationMs(text)).toBeUndefined();
  });
});
