import { type Inflicted, namesOf, type Scene } from './fault.ts';
import { victims } from './victims.ts';

/** SIGKILL of one, some or all, and a new start on the same data, soon or later. */
export async function kill(scene: Scene): Promise<Inflicted> {
  const { who, hosts } = await victims(scene);
  scene.journal.fault('kill', 'start', namesOf(hosts));
  const died = await Promise.all(hosts.map((host) => host.kill()));
  await scene.rest(scene.random.logUniform(100, 3_000));
  for (const host of hosts) host.start();
  scene.journal.fault('kill', 'stop', namesOf(hosts));
  return { what: `kill ${who}`, acted: died.includes(true) };
}
