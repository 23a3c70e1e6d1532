import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { NamespaceNetwork } from './namespace-network.ts';

/** What a network of namespaces needs and this process has not, in words; empty when it can have one. */
export async function missingForNamespaces(): Promise<readonly string[]> {
  const missing = [
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...((await runs('ip')) ? [] : ['ip (package iproute2)']),
    ...((await runs('nft')) ? [] : ['nft (package nftables)']),
  ];
  return missing.length > 0 ? missing : await failures();
}

async function runs(command: string): Promise<boolean> {
  try {
    await promisify(execFile)(command, ['-V']);
    return true;
  } catch {
    return false;
  }
}

/** A root without the capabilities, or a kernel without what the rules ask for, shows only when it is tried. */
async function failures(): Promise<readonly string[]> {
  try {
    const trial = await NamespaceNetwork.of(['n1', 'n2'], []);
    try {
      await trial.part(['n1'], ['n2']);
      await trial.cut('n1', ['n2']);
      await trial.refuse(trial.ways);
      await trial.harm();
    } finally {
      await trial.close();
    }
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    return [`the capabilities SYS_ADMIN and NET_ADMIN, veth, bridge and nftables in the kernel, but: ${reason}`];
  }
}
