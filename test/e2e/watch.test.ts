import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cli, run, Serving } from './serving.ts';
import { until } from './waiting.ts';

let serving: Serving;
beforeAll(async () => {
  serving = await Serving.of(['a']);
});
afterAll(async () => {
  await serving[Symbol.asyncDispose]();
});

const environment = (): NodeJS.ProcessEnv => ({ HOLDFAST_ENDPOINTS: serving.endpoints.join(',') });

const lock = async (name: string): Promise<void> => {
  const { code } = await run(['lock', name, '--', 'true'], environment());
  expect(code).toBe(0);
};

const lines = async (cli: Cli, count: number): Promise<readonly string[]> =>
  await until(`${count} lines`, () => cli.out.length >= count && cli.out.slice(0, count));

describe('holdfast watch', () => {
  it('prints an event a line, and goes on behind the position that it printed', async () => {
    await lock('job/1');
    await using all = new Cli(['watch', '--prefix', 'job/', '--after', '0'], environment());
    const [granted = '', released = ''] = await lines(all, 2);
    const [position = ''] = granted.split('  ');
    await using rest = new Cli(['watch', '--prefix', 'job/', '--after', position, '--json'], environment());

    const [next = ''] = await lines(rest, 1);

    expect(granted).toMatch(/^\d+\.\d+ {2}\S+Z {2}granted {2}job\/1 {2}token \d+ {2}session \d+$/);
    expect(JSON.parse(next)).toMatchObject({ kind: 'released', name: 'job/1', token: expect.any(Number) });
    expect(released).toContain(`${JSON.parse(next).index}.${JSON.parse(next).place}  `);
  });

  it('ends by the signal that interrupts it', async () => {
    await using cli = new Cli(['watch', '--after', '0'], environment());
    await lines(cli, 1);

    expect(await cli.kill('SIGINT')).toBe('SIGINT');
  });

  it.each(['x', '1.', '-1', '1.2.3'])('refuses the position %s with 64', async (position) => {
    const { code, complaint } = await run(['watch', `--after=${position}`], environment());

    expect(code).toBe(64);
    expect(complaint).toContain('--after: expected a position');
  });

  it('ends with 69 when nobody is there', async () => {
    const { code } = await run(['watch', '--endpoints', '127.0.0.1:1', '--connect-timeout', '200ms']);

    expect(code).toBe(69);
  });

  it('ends with 69 for events that a node keeps no more, because it was told to keep few', async () => {
    await using frugal = await Serving.of(['a'], ['--kept-events', '1024']);
    await using client = await frugal.connect();
    const handles = await Promise.all(Array.from({ length: 600 }, (_, at) => client.acquireLock(`x/${at}`)));
    await Promise.all(handles.map((handle) => handle.release()));

    const { code, complaint } = await run(['watch', '--after', '0', '--endpoints', frugal.addressOf('a')]);

    expect(complaint).toContain('events');
    expect(code).toBe(69);
  });
});
