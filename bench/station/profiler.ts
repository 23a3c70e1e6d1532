import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { summaryOfProfile, type Toll } from './tolls.ts';

/** How often the profiler looks, in microseconds. */
const intervalUs = 250;

/** Samples this process's stacks. One at a time. */
export class Profiler {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval: intervalUs });
    await this.#session.post('Profiler.start');
  }

  /** Leaves the profile in `path`, for Chrome's developer tools or speedscope, and says what took the most time. */
  async stop(path: string): Promise<readonly Toll[]> {
    const { profile } = await this.#session.post('Profiler.stop');
    this.#session.disconnect();
    await writeFile(path, JSON.stringify(profile));
    return summaryOfProfile(profile);
  }
}
