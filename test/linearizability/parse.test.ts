import { describe, expect, it } from 'vitest';
import { HistoryFormatError, parseHistory } from './index.ts';

const meta = '{"type":"meta","version":1,"sessions":"none","ttl_ms":5000,"default":{"kind":"mutex"}}';
const invoke = '{"type":"invoke","process":1,"time":"10","f":"acquire","name":"l"}';
const granted = '{"type":"ok","process":1,"time":"20","granted":true,"token":7}';

/** What the parser says of these lines. */
function complaintOf(lines: readonly string[]): string {
  try {
    parseHistory(lines);
  } catch (error) {
    if (error instanceof HistoryFormatError) return error.message;
    throw error;
  }
  return 'nothing';
}

describe('a history is read', () => {
  it('with times of 64 bits, defaults filled in, and calls that were never answered', () => {
    const history = parseHistory([
      meta,
      invoke.replace('"10"', '"9223372036854775807"'),
      '{"type":"invoke","process":2,"time":"5","f":"holder","name":"l"}',
    ]);

    expect(history.meta).toMatchObject({ ttlSlackMs: 0, tokens: 'per-lock' });
    expect(history.operations.map(({ f, invokedAt, outcome }) => [f, invokedAt, outcome.kind])).toEqual([
      ['holder', 5n, 'unknown'],
      ['acquire', 9223372036854775807n, 'unknown'],
    ]);
    expect(history.operations[1]?.call).toMatchObject({ client: 'p1', mode: 'w', permits: 1 });
  });

  it('with the lines of two recorders one after the other', () => {
    const second = '{"type":"invoke","process":2,"time":"1","f":"acquire","name":"l"}';

    const { operations } = parseHistory(`${meta}\n${invoke}\n${granted}\n${second}\n`);

    expect(operations.map(({ process }) => process)).toEqual([2, 1]);
  });

  it('with tokens as numbers or as decimal strings, and the name that the server gave a client', () => {
    const { operations } = parseHistory([
      meta,
      '{"type":"invoke","process":1,"time":"1","f":"open"}',
      '{"type":"ok","process":1,"time":"2","client":"s4"}',
      invoke,
      granted.replace('7', '"7"'),
    ]);

    expect(operations[0]?.call).toMatchObject({ client: 's4' });
    expect(operations[1]?.outcome).toMatchObject({ result: { granted: true, token: 7 } });
  });

  it('with the settings of each lock, notices, faults and marks', () => {
    const history = parseHistory([
      meta.replace('"default"', '"locks":{"s":{"kind":"semaphore","permits":3}},"default"'),
      '{"type":"notice","f":"expired","client":"A","time":"3"}',
      '{"type":"nemesis","f":"partition","phase":"start","node":"n2","time":"4","group":["n1"]}',
      '{"type":"mark","mark":"healed","time":"5"}',
    ]);

    expect(history.meta.locks.get('s')).toMatchObject({ kind: 'semaphore', permits: 3 });
    expect(history.notices).toEqual([{ client: 'A', at: 3n, line: 2 }]);
    expect(history.nemeses).toEqual([{ f: 'partition', phase: 'start', node: 'n2', at: 4n }]);
    expect(history.marks).toEqual([{ mark: 'healed', at: 5n }]);
  });
});

describe('a line that is not as it must be is named', () => {
  it.each([
    ['no line at all', [], 'line 0: there is no meta line'],
    ['no meta line', [invoke], 'line 1: the first line is of type "meta", not "invoke"'],
    ['another version', [meta.replace('1', '2')], 'line 1: version'],
    ['a second meta line', [meta, meta], 'line 2: a second meta line'],
    ['no JSON', [meta, '{'], 'line 2: no JSON'],
    ['no object', [meta, '[1]'], 'line 2: an object is expected'],
    ['an unknown type', [meta, '{"type":"note"}'], 'line 2: unknown type "note"'],
    ['an unknown f', [meta, invoke.replace('acquire', 'lock')], 'line 2: unknown f "lock"; known are open,'],
    ['no f', [meta, invoke.replace('"f":"acquire",', '')], 'line 2: unknown f nothing'],
    ['a missing name', [meta, invoke.replace(',"name":"l"', '')], 'line 2: name'],
    ['a misspelt field', [meta, invoke.replace('"name"', '"permit":2,"name"')], 'line 2: the line: Unrecognized key'],
    ['a time that is a number', [meta, invoke.replace('"10"', '10')], 'line 2: time'],
    ['a time that is no decimal', [meta, invoke.replace('"10"', '"1e9"')], 'line 2: time: time is nanoseconds'],
    ['a grant without its token', [meta, invoke, granted.replace(',"token":7', '')], 'line 3: '],
    ['an unknown reason', [meta, invoke, granted.replace('true,"token":7', 'false,"reason":"why"')], 'line 3: '],
    ['a result of something else', [meta, invoke, '{"type":"ok","process":1,"time":"20","released":true}'], 'line 3: '],
    ['a token that is no safe integer', [meta, invoke, granted.replace('7', '"9007199254740993"')], 'line 3: '],
    ['a completion of nothing', [meta, granted], 'line 2: process 1 completes what it has not invoked'],
    ['a second completion', [meta, invoke, granted, granted], 'line 4: process 1 completes what it has not invoked'],
    ['a completion of something else', [meta, invoke, granted.replace('"time"', '"f":"release","time"')], 'line 3: '],
    [
      'two open operations',
      [meta, invoke, invoke],
      'line 3: process 1 invokes acquire while its acquire of line 2 is open',
    ],
    ['a time that goes back', [meta, invoke, granted.replace('"20"', '"9"')], 'line 3: time of process 1 goes back'],
    ['a notice without its client', [meta, '{"type":"notice","f":"expired","time":"3"}'], 'line 2: client'],
    ['a mark without a time', [meta, '{"type":"mark","mark":"healed"}'], 'line 2: time'],
  ])('%s', (_, lines, complaint) => {
    expect(complaintOf(lines)).toContain(complaint);
  });
});
