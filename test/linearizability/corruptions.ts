import { denied, type Event, gave, kept, saw, took, validated } from './scenes.ts';
import type { Story, Told } from './stories.ts';

/** A lie put into a lawful story; undefined where the story has no place for it. */
export type Corruption = (story: Story) => readonly Event[] | undefined;

const later = 1_000_000_000;

/** Each makes a story that no lock can have. */
export const corruptions: Readonly<Record<string, Corruption>> = {
  'a hold of somebody who never asked is read': ({ events, end }) => [...events, saw([end, end + 1], ['Z', later])],
  'a request is refused before anybody asked': ({ events }) => [...events, denied('Z', [3, 4])],
  'one token is granted to two': ({ events, told, end, kind }) => {
    const [first] = told.filter(({ heardAt }) => heardAt !== undefined);
    return first === undefined ? undefined : [...events, took('Z', [end, end + 1], first.token, wishOf(kind))];
  },
  'a token is lower than an earlier one': ({ events, told, end, kind }) => {
    const [first] = told.filter(({ heardAt }) => heardAt !== undefined);
    return first === undefined ? undefined : [...events, took('Z', [end, end + 1], first.token - 1, wishOf(kind))];
  },
  'somebody is granted the lock during the hold of another': (story) => {
    const hold = standing(story);
    if (hold?.heardAt === undefined) return undefined;
    return [...story.events, took('Z', [hold.heardAt + 0.1, hold.heardAt + 0.2], later, wishOf(story.kind))];
  },
  'a release is refused during the hold': (story) => {
    const hold = standing(story);
    if (hold?.heardAt === undefined) return undefined;
    return [...story.events, kept(hold.client, [hold.heardAt + 0.1, hold.heardAt + 0.2], hold.token)];
  },
  'a read misses a hold': (story) => {
    const hold = standing(story);
    if (hold?.heardAt === undefined) return undefined;
    return [...story.events, saw([hold.heardAt + 0.1, hold.heardAt + 0.2])];
  },
  'somebody else releases it': (story) => {
    const hold = story.told.find(({ heardAt }) => heardAt !== undefined);
    return hold === undefined ? undefined : [...story.events, gave('Z', [story.end, story.end + 1], hold.token)];
  },
  'a released hold is read again': ({ events, told, end }) => {
    const hold = released(told);
    return hold === undefined ? undefined : [...events, saw([end, end + 1], [hold.client, hold.token])];
  },
  'a released hold is still valid': ({ events, told, end }) => {
    const hold = released(told);
    return hold === undefined ? undefined : [...events, validated(hold.client, [end, end + 1], [hold.token, true])];
  },
  'a hold is released twice': ({ events, told, end }) => {
    const hold = released(told);
    return hold === undefined ? undefined : [...events, gave(hold.client, [end, end + 1], hold.token)];
  },
};

/** A hold that certainly stood for a moment after its grant was answered. */
const standing = ({ told }: Story): Told | undefined =>
  told.find(({ heardAt, mayEndAt }) => heardAt !== undefined && mayEndAt > heardAt + 1);

const released = (told: readonly Told[]): Told | undefined =>
  told.find(({ releasedAt, heardAt }) => releasedAt !== undefined && heardAt !== undefined);

/** So much that it fits beside nothing. */
const wishOf = (kind: Story['kind']) => (kind === 'semaphore' ? { permits: 3 } : {});
