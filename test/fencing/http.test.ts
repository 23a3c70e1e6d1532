import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  admitRequest,
  createFence,
  FencingHeaderError,
  fencingHeader,
  fencingHeaders,
  fencingStatusOf,
  readFencingToken,
} from '../../src/fencing/index.ts';

const errorOf = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('the header of a token', () => {
  it.each([1, 42, 2 ** 53 - 1])('carries %d there and back', (token) => {
    const headers = fencingHeaders(token);

    expect(readFencingToken(headers)).toBe(token);
    expect(readFencingToken(new Headers(headers))).toBe(token);
    expect(fencingHeaders({ fencingToken: token })).toEqual(headers);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('is not made of %d', (token) => {
    expect(() => fencingHeaders(token)).toThrow(RangeError);
  });

  it.each(['1', null, undefined, {}])('is not made of another type: %j', (from) => {
    expect(() => Reflect.apply(fencingHeaders, undefined, [from])).toThrow(TypeError);
  });

  it.each([
    ['no header', {}, 'missing', 428],
    ['no header among others', new Headers({ accept: '*/*' }), 'missing', 428],
    ['an empty one', { [fencingHeader]: '' }, 'malformed', 400],
    ['a word', { [fencingHeader]: 'seven' }, 'malformed', 400],
    ['an exponent', { [fencingHeader]: '1e3' }, 'malformed', 400],
    ['another base', { [fencingHeader]: '0x1' }, 'malformed', 400],
    ['a leading zero', { [fencingHeader]: '007' }, 'malformed', 400],
    ['a sign', { [fencingHeader]: '+7' }, 'malformed', 400],
    ['a fraction', { [fencingHeader]: '1.5' }, 'malformed', 400],
    ['zero', { [fencingHeader]: '0' }, 'malformed', 400],
    ['too much', { [fencingHeader]: '9007199254740992' }, 'malformed', 400],
    ['far too much', { [fencingHeader]: '9'.repeat(10_000) }, 'malformed', 400],
    ['a digit of another script', { [fencingHeader]: '٧' }, 'malformed', 400],
    ['two in a list', { [fencingHeader]: ['7', '8'] }, 'repeated', 400],
    ['two that were joined', { [fencingHeader]: '7, 8' }, 'repeated', 400],
    [
      'two of fetch',
      new Headers([
        [fencingHeader, '7'],
        [fencingHeader, '8'],
      ]),
      'repeated',
      400,
    ],
  ] as const)('is refused by the receiver: %s', (_, headers, fault, status) => {
    const error = errorOf(() => readFencingToken(headers));

    expect(error).toBeInstanceOf(FencingHeaderError);
    expect(error).toMatchObject({ code: 'FENCING_HEADER', fault });
    expect(fencingStatusOf(error)).toBe(status);
    expect(String(error).length).toBeLessThan(200);
  });

  it('is refused when it is too low, with what has been there', () => {
    const fence = createFence();
    admitRequest(fence, 'account', fencingHeaders(7));

    const error = errorOf(() => admitRequest(fence, 'account', fencingHeaders(6)));

    expect(error).toMatchObject({ code: 'FENCED', token: 6, highestSeen: 7 });
    expect(fencingStatusOf(error)).toBe(412);
    expect(fencingStatusOf(new Error('another'))).toBeUndefined();
  });
});

/** A server on loopback for as long as `work` takes. */
const served = async <T>(answer: RequestListener, work: (url: string) => Promise<T>): Promise<T> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    return await work(`http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
};

describe('over the network', () => {
  it('a server admits, refuses, and says why by its status', async () => {
    const fence = createFence();
    const statusOf = ({ headers }: IncomingMessage): number => {
      try {
        admitRequest(fence, 'account', headers);
        return 204;
      } catch (error) {
        return fencingStatusOf(error) ?? 500;
      }
    };

    const statuses = await served(
      (request, response) => response.writeHead(statusOf(request)).end(),
      async (url) => {
        const found: number[] = [];
        for (const headers of [fencingHeaders(5), fencingHeaders(7), fencingHeaders(6), {}, { [fencingHeader]: 'x' }]) {
          found.push((await fetch(url, { method: 'PUT', headers })).status);
        }
        return found;
      },
    );

    expect(statuses).toEqual([204, 204, 412, 428, 400]);
  });
});
