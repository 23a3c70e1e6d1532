import { resetDataDir as reset } from '../storage/index.ts';
import { BackendError, DataDirInUseError } from './errors.ts';

/**
 * Makes the data directory of a stopped node blank, so that it can be replaced: its next start is a new incarnation.
 * What it held is kept in its folder `quarantine`. Rejects with `DataDirInUseError` while a process has it open, and
 * with `BackendError` if no node was ever there (nothing is made then) or it cannot be written.
 */
export const resetDataDir = (dataDir: string): Promise<void> =>
  new Promise((resolve, reject) => {
    reset(dataDir, (outcome) => {
      if (outcome.ok) return resolve();
      const { error } = outcome;
      const isInUse = 'code' in error && error.code === 'DATA_DIR_IN_USE';
      reject(new (isInUse ? DataDirInUseError : BackendError)(error.message, { cause: error }));
    });
  });
