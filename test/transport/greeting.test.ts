import { describe, expect, it } from 'vitest';
import { decodePeerHello, encodePeerHello } from '../../src/transport/greeting.ts';
import type { Hello } from '../../src/transport/index.ts';

const hello: Hello = {
  ...{ clusterId: 'c', nodeId: 'a', incarnation: 'i', run: 1, boot: 'x', configIndex: 0, membersHash: '' },
  ...{ address: 'a:7400', genesis: [['b', 'j', '[::1]:7400']] },
};

const wrong = ['nowhere', 'a:99999', 'a b:1', '::1:7400', 'a:'];

describe('the hello of a peer', () => {
  it.each(['', 'a:7400', '127.0.0.1:0', '[::1]:7400'])('may say that it listens at "%s"', (address) => {
    expect(decodePeerHello(encodePeerHello({ ...hello, address }))).toMatchObject({ kind: 'hello' });
  });

  it.each(wrong)('is bad with the address "%s", its own or a first member\'s', (address) => {
    const own = decodePeerHello(encodePeerHello({ ...hello, address }));
    const other = decodePeerHello(encodePeerHello({ ...hello, genesis: [['b', 'j', address]] }));

    expect([own, other]).toEqual(Array(2).fill({ kind: 'bad', bad: expect.stringContaining('address') }));
  });
});
