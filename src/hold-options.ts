import type { AcquireOptions } from './acquire-options.ts';
import { outOfRange, wrongType } from './errors.ts';
import { metadataBytesMax, validateMetadata } from './server/index.ts';
import type { HoldOptions } from './table/index.ts';

/** What the cluster is told of the hold; undefined if nothing. A TypeError or RangeError says what is wrong. */
export const checkHoldOptions = ({ metadata }: AcquireOptions): HoldOptions | undefined => {
  if (metadata === undefined) return undefined;
  return { metadata: checkMetadata(metadata) };
};

const checkMetadata = (metadata: unknown): string => {
  const bad = validateMetadata(metadata);
  if (bad === undefined && typeof metadata === 'string') return metadata;
  const text = `metadata must be at most ${metadataBytesMax} bytes of well-formed text; this is ${bad}`;
  throw typeof metadata === 'string' && bad?.startsWith('too long') === true ? outOfRange(text) : wrongType(text);
};
