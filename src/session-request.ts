import type { Wish } from './asker.ts';
import type { SessionRequest } from './node/index.ts';
import type { Sequence, SessionId } from './table/index.ts';

/** The common kinds of requests have one shape wherever they are made: what handles them is fast only then. */
export function requestOf(
  wish: Wish,
  session: SessionId,
  { sequence, mark }: { readonly sequence: Sequence; readonly mark: Sequence },
): SessionRequest {
  switch (wish.kind) {
    case 'acquire':
      return { kind: 'acquire', session, sequence, mark, name: wish.name, mode: wish.mode, waits: wish.waits };
    case 'release':
      return { kind: 'release', session, sequence, mark, name: wish.name, token: wish.token };
    case 'cancel':
      return { kind: 'cancel', session, sequence, mark, target: wish.target };
    case 'guarded':
      return { ...wish, session, sequence, mark, request: { ...wish.request, session, sequence, mark } };
    default:
      return { ...wish, session, sequence, mark };
  }
}
