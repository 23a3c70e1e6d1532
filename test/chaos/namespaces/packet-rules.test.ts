import { describe, expect, it } from 'vitest';
import {
  answerRefusal,
  counterWords,
  dialRefusal,
  hitsIn,
  muteness,
  rulesText,
  silence,
  tableText,
} from './packet-rules.ts';

const ends = { from: '10.0.0.1', to: '10.0.0.2' };

describe('rules for packets', () => {
  it('silence one direction and leave the other alone', () => {
    expect(silence(ends)).toEqual(['ip saddr 10.0.0.1 ip daddr 10.0.0.2 counter name hits drop']);
  });

  it('let bare acknowledgements through a cut of one direction', () => {
    const rules = muteness(ends);

    expect(rules.every((rule) => rule.startsWith('ip saddr 10.0.0.1 ip daddr 10.0.0.2 '))).toBe(true);
    expect(rules.map((rule) => rule.replace(/^.*10\.0\.0\.2 /, ''))).toEqual([
      'ip length . tcp doff @laden counter name hits drop',
      'tcp flags & (fin | syn | rst) != 0 counter name hits drop',
    ]);
  });

  it('know a packet that carries a byte by its length beyond both headers', () => {
    const text = tableText('bridge');

    // 20 bytes of IP; 20, 32 and 60 of TCP: without options, with timestamps, with all that fit.
    for (const element of ['41-65535 . 5', '53-65535 . 8', '81-65535 . 15']) expect(text).toContain(element);
  });

  it('answer who dials and who was dialled by RST, each by the port of the node', () => {
    expect(dialRefusal('10.0.0.2', 7)).toBe('ip daddr 10.0.0.2 tcp dport 7 counter name hits reject with tcp reset');
    expect(answerRefusal('10.0.0.1', 7)).toBe('ip daddr 10.0.0.1 tcp sport 7 counter name hits reject with tcp reset');
  });

  it('replace all others of their post in one text', () => {
    expect(rulesText('bridge', ['one', 'two'])).toBe(
      'flush chain bridge holdfast faults\n' +
        'add rule bridge holdfast faults one\n' +
        'add rule bridge holdfast faults two\n',
    );
  });

  it('stand where packets cross the bridge, or where a process sends them', () => {
    expect(tableText('bridge')).toMatch(/^table bridge holdfast \{[\s\S]*hook forward/);
    expect(tableText('process')).toMatch(/^table inet holdfast \{[\s\S]*hook output/);
  });
});

describe('the counter of hits', () => {
  it('is asked for by the post it belongs to', () => {
    expect(counterWords('process')).toEqual(['list', 'counter', 'inet', 'holdfast', 'hits']);
  });

  it('is read from what nft lists', () => {
    const listing = 'table bridge holdfast {\n\tcounter hits {\n\t\tpackets 42 bytes 3510\n\t}\n}\n';

    expect(hitsIn(listing)).toBe(42);
  });

  it('is not taken for zero where nothing is listed', () => {
    expect(() => hitsIn('')).toThrow('expected a counter');
  });
});
