import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FrameContent, frameBytes, pagesFor, writeFrame } from '../../storage/frame.ts';
import { type Owner, ownerOf } from '../../storage/record.ts';
import { type Frame, scanSegment } from '../../storage/segment-scan.ts';
import type { LevelMachine } from './level-machine.ts';

/** The owner of the records in `dataDir`, whose node is a member. */
export function ownerIn(dataDir: string): Owner {
  const { clusterId, incarnation } = JSON.parse(readFileSync(join(dataDir, 'identity.json'), 'utf8'));
  return ownerOf(clusterId, incarnation);
}

/** A frame, and where it stands in its file. */
export interface PlacedFrame {
  readonly frame: Frame;
  readonly from: number;
  readonly to: number;
}

/** All frames of a whole segment. */
export function framesIn(file: Buffer): readonly PlacedFrame[] {
  const segment = file.readUInt32BE(16);
  const { frames } = scanSegment(file, { path: 'segment', owner: file.readUInt32BE(4), segment, before: undefined });
  let at = 0;
  return frames.map((frame) => {
    const from = at;
    at += pagesFor(frameBytes(frame));
    return { frame, from, to: at };
  });
}

/** What a write says, and by whom it is said. */
export interface Said {
  readonly content: FrameContent;
  readonly owner: Owner;
}

/**
 * Writes every frame of a stopped machine's log anew, as `change` makes it, each with right checksums and chained on the
 * one before: what no disk does, but a program with a bug could. Undefined leaves a frame out.
 */
export async function rewriteLog(
  machine: LevelMachine,
  change: (said: Said, place: number) => Said | undefined,
): Promise<void> {
  let place = 0;
  let sequence = 0;
  let previous = 0;
  for (const path of await machine.segments()) {
    const file = readFileSync(path);
    const segment = file.readUInt32BE(16);
    const next = Buffer.alloc(file.length);
    let at = 0;
    for (const { frame } of framesIn(file)) {
      const said = change({ content: frame, owner: frame.head.owner }, place);
      place += 1;
      if (said === undefined) continue;
      sequence += 1;
      const { content, owner } = said;
      previous = writeFrame(next.subarray(at), { owner, segment, sequence, previous }, content);
      at += pagesFor(frameBytes(content));
    }
    writeFileSync(path, next);
  }
}
