import { LevelMachine } from '../level-machine.ts';
import { asked, configuration, entriesAfter, genesis, start } from '../samples.ts';
import { type Chronicle, Chronicler } from './chronicle.ts';
import { type Image, imageOf } from './image.ts';
import { never } from './verdict.ts';

/** A data directory of a real store, and what that store had acknowledged. */
export interface Specimen {
  readonly name: string;
  readonly image: Image;
  readonly chronicle: Chronicle;
  /** The same directory some acknowledged writes ago. */
  readonly earlier: Image;
  /** The identity that the directory had before it belonged to a cluster. */
  readonly blankIdentity: Buffer;
}

/** What a specimen's story works with. */
interface Scene {
  readonly machine: LevelMachine;
  readonly scribe: Chronicler;
  /** Takes the older copy. */
  readonly remember: () => void;
  /** Ends the process in good order, and starts the next one. */
  readonly restart: () => Promise<Scene>;
}

interface Story {
  readonly name: string;
  /** Whether the process ends in good order, or is cut off after its last acknowledged write. */
  readonly ends: 'stopped' | 'crashed';
  readonly isSingleVoter?: boolean;
  readonly writeBufferBytes?: number;
  readonly tell: (scene: Scene) => Promise<Scene>;
}

const termOne = { term: 1, votedFor: 'a/1' };
const rowsNamed = (from: number, count: number, bytes: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`row-${from + at}`, `${from + at};`.repeat(bytes / 4)]));

async function begin(scene: Scene): Promise<Scene> {
  const { scribe, remember } = scene;
  await scribe.write({ hardState: termOne });
  await scribe.write({ entries: entriesAfter(start, 1) });
  remember();
  await scribe.write({ entries: entriesAfter(scribe.last, 1) });
  await scribe.write({ entries: entriesAfter(scribe.last, 2) });
  return scene;
}

const stories: readonly Story[] = [
  { name: 'a new log, cut off', ends: 'crashed', tell: begin },
  {
    name: 'a single voter, stopped',
    ends: 'stopped',
    isSingleVoter: true,
    tell: async (scene) => {
      await begin(scene);
      await scene.scribe.checkpoint(scene.scribe.at(2), { a: '1', b: '2' });
      await scene.scribe.checkpoint(scene.scribe.at(3), { b: undefined, c: '3' });
      await scene.scribe.checkpoint(scene.scribe.at(4), { d: '4' });
      return scene;
    },
  },
  {
    name: 'a log after a restart, stopped',
    ends: 'stopped',
    tell: async (first) => {
      await begin(first);
      await first.scribe.checkpoint(first.scribe.at(2), { a: '1', b: '2' });
      const second = await first.restart();
      await second.scribe.write({ hardState: { term: 2, votedFor: 'b/1' } });
      await second.scribe.write({ entries: entriesAfter(second.scribe.last, 2, { term: 2 }) });
      await second.scribe.checkpoint(second.scribe.at(4), { a: 'one' });
      return second;
    },
  },
  {
    name: 'rotated logs and table files, stopped',
    ends: 'stopped',
    writeBufferBytes: 64 * 1024,
    tell: async (scene) => {
      const { scribe, remember } = scene;
      await scribe.write({ hardState: termOne });
      for (let round = 0; round < 18; round += 1) {
        await scribe.write({ entries: entriesAfter(scribe.last, 8, { bytes: 1_024 }) });
        if (round === 11) remember();
      }
      await scribe.checkpoint(scribe.at(40), rowsNamed(0, 80, 1_024));
      await scribe.checkpoint(scribe.at(100), rowsNamed(20, 30, 1_200));
      return scene;
    },
  },
  {
    name: 'truncations and a prefix that is gone, cut off',
    ends: 'crashed',
    tell: async (scene) => {
      const { scribe, remember } = scene;
      await scribe.write({ hardState: termOne, entries: entriesAfter(start, 10) });
      const other = entriesAfter(scribe.at(4), 3, { term: 2 });
      await scribe.write({ hardState: { term: 2, votedFor: undefined }, truncateFrom: 5, entries: other });
      await scribe.checkpoint(scribe.at(5), { a: '1', b: '2' });
      await scribe.write({ base: scribe.at(3) });
      remember();
      await scribe.write({ hardState: { term: 3, votedFor: 'b/1' }, truncateFrom: 7 });
      await scribe.write({ entries: entriesAfter(scribe.last, 2, { term: 3 }) });
      return scene;
    },
  },
  {
    name: 'a compacted log with leftovers, stopped',
    ends: 'stopped',
    tell: async (scene) => {
      const { scribe, remember } = scene;
      await scribe.write({ hardState: termOne, entries: entriesAfter(start, 200) });
      await scribe.checkpoint(scribe.at(180), rowsNamed(0, 12, 64));
      await scribe.write({ base: scribe.at(170) });
      remember();
      await scribe.write({ entries: entriesAfter(scribe.last, 2) });
      return scene;
    },
  },
  {
    name: 'an installed snapshot, cut off',
    ends: 'crashed',
    tell: async (scene) => {
      const { scribe, remember } = scene;
      await begin(scene);
      await scribe.checkpoint(scribe.at(2), { old: 'row' });
      const sender = await LevelMachine.make({ after: never });
      try {
        const { store } = await sender.open();
        await asked((done) => store.form(genesis, done));
        const other = new Chronicler(store);
        await other.write({ hardState: termOne, entries: entriesAfter(start, 30) });
        const rows = rowsNamed(0, 6, 64);
        await other.checkpoint(other.at(25), rows);
        const head = await scribe.receive(store);
        remember();
        // Whoever still reads the old table keeps it on the disk.
        scribe.store.readSnapshot();
        await scribe.install(head, rows);
        await scribe.write({ entries: entriesAfter(scribe.last, 2) });
        return scene;
      } finally {
        await sender.remove();
      }
    },
  },
  {
    name: 'entries longer than a block, cut off',
    ends: 'crashed',
    tell: async (scene) => {
      const { scribe, remember } = scene;
      await scribe.write({ hardState: termOne, entries: entriesAfter(start, 1, { bytes: 40_000 }) });
      remember();
      // The header of a fragment needs 7 bytes: with 3 left in its block, LevelDB pads.
      await scribe.write({ entries: entriesAfter(scribe.last, 1, { bytes: 25_151 }) });
      await scribe.write({ entries: entriesAfter(scribe.last, 1, { bytes: 70_000 }) });
      // And of the table's log.
      await scribe.checkpoint(scribe.at(1), { a: 'x'.repeat(32_543) });
      await scribe.checkpoint(scribe.at(2), { b: '2' });
      return scene;
    },
  },
];

/** Lets every story happen to a real store, on a real disk. */
export function makeSpecimens(names?: readonly string[]): Promise<readonly Specimen[]> {
  return Promise.all(stories.filter(({ name }) => names?.includes(name) ?? true).map(specimenOf));
}

async function specimenOf(story: Story): Promise<Specimen> {
  const { name, writeBufferBytes } = story;
  const machine = await LevelMachine.make({ after: never, ...(writeBufferBytes && { writeBufferBytes }) });
  try {
    const { store } = await machine.open();
    const blankIdentity = imageOf(machine.dataDir).get('identity.json') ?? Buffer.alloc(0);
    const [voter] = configuration.voters;
    const members = story.isSingleVoter ? { voters: voter ? [voter] : [], outgoing: [], learners: [] } : configuration;
    await asked((done) => store.form({ ...genesis, configuration: members }, done));
    let earlier = imageOf(machine.dataDir);
    const remember = (): void => {
      earlier = imageOf(machine.dataDir);
    };
    const sceneOf = (scribe: Chronicler): Scene => ({
      machine,
      scribe,
      remember,
      restart: async () => {
        await machine.stop();
        return sceneOf(new Chronicler((await machine.open()).store, scribe.sofar));
      },
    });
    const { scribe } = await story.tell(sceneOf(new Chronicler(store)));
    if (story.ends === 'stopped') {
      await machine.stop();
      scribe.stopped();
    }
    return { name, image: imageOf(machine.dataDir), chronicle: scribe.sofar, earlier, blankIdentity };
  } finally {
    await machine.remove();
  }
}
