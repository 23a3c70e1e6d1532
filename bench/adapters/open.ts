import type { LockPort } from '../station/port.ts';
import { openHoldfastClient, openHoldfastNode } from './holdfast.ts';
import type { AdapterSettings } from './settings.ts';

/** Opens whichever service the settings name. */
export async function openPort(settings: AdapterSettings): Promise<LockPort> {
  switch (settings.kind) {
    case 'holdfast-node':
      return await openHoldfastNode(settings);
    case 'holdfast-client':
      return await openHoldfastClient(settings);
    default:
      return settings satisfies never;
  }
}
