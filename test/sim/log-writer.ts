import type { Persist } from '../../raft/index.ts';
import type { Table } from './disk.ts';
import type { Host } from './surroundings.ts';
import { Violation } from './violation.ts';

/** Takes one life's persists to its disk: what is asked during a write joins the next one. */
export class LogWriter {
  readonly #host: Host;
  readonly #installed: (table: Table) => void;
  #waiting: Persist[] = [];
  /** Ids of the persists that the disk has and has not acknowledged. */
  #underway: number[] = [];
  #isStalled = false;
  #received: Table | undefined;
  #isInstalling = false;

  constructor(host: Host, installed: (table: Table) => void) {
    this.#host = host;
    this.#installed = installed;
  }

  /** Keeps a received snapshot for an installation; false while another is being installed. */
  receive(table: Table): boolean {
    if (this.#isInstalling) return false;
    this.#received = table;
    return true;
  }

  write(persist: Persist): void {
    if (persist.write.install !== undefined) this.#isInstalling = true;
    this.#waiting.push(persist);
    this.#submit();
  }

  #submit(): void {
    const { groupCommit } = this.#host.world.swarm.disk;
    if (this.#waiting.length === 0 || (groupCommit && this.#underway.length > 0)) return;
    const batch = this.#waiting;
    this.#waiting = [];
    const table = this.#tableFor(batch);
    this.#underway.push(...batch.map(({ id }) => id));
    this.#watchForStall();
    this.#host.disk.write(batch, table, () => this.#host.later(0, () => this.#durable(batch, table)));
  }

  #tableFor(batch: readonly Persist[]): Table | undefined {
    const install = batch.find(({ write }) => write.install !== undefined)?.write.install;
    if (install === undefined) return undefined;
    const { index } = install.snapshot.position;
    if (this.#received?.head.position.index === index) return this.#received;
    throw new Violation('I22', `${this.#host.id} installs a snapshot at ${index} that it has not received`);
  }

  #durable(batch: readonly Persist[], table: Table | undefined): void {
    this.#underway.splice(0, batch.length);
    // As the driver's disk does: what a later part of the same write overwrote was never on this disk (S32).
    const term = batch.reduce((highest, { write }) => Math.max(highest, write.hardState?.term ?? 0), 0);
    for (const { id, thenSend } of batch) {
      for (const message of thenSend) {
        if (message.term < term) continue;
        this.#host.send(message);
        if (!this.#host.survives()) return;
      }
      this.#host.hear({ kind: 'durable', write: id });
    }
    if (this.#isStalled) this.#host.hear({ kind: 'disk-stalled', stalled: false });
    this.#isStalled = false;
    if (table !== undefined) {
      this.#isInstalling = false;
      this.#received = undefined;
      this.#installed(table);
    }
    this.#submit();
  }

  #watchForStall(): void {
    const oldest = this.#underway[0];
    this.#host.later(this.#host.world.swarm.electionTimeout, () => {
      if (this.#underway[0] !== oldest || this.#isStalled) return;
      this.#isStalled = true;
      this.#host.hear({ kind: 'disk-stalled', stalled: true });
    });
  }
}
