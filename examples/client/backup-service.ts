import { BowlineError, type BowlineClient } from 'bowline';

/** Changes to an application that can be undone: each is made after a backup, which is restored if the change fails. */
export class BackupService {
  readonly #bowline: BowlineClient;

  constructor(bowline: BowlineClient) {
    this.#bowline = bowline;
  }

  /**
   * Backs up a namespace, then makes the change. `name` is the backup's, and must not be taken. If the change fails, what it removed is
   * there again when this rejects.
   */
  async change(name: string, namespace: string, make: () => Promise<void>): Promise<void> {
    const backup = await this.#bowline.backups.create({
      name,
      spec: { includedNamespaces: [namespace], ttl: '72h0m0s' },
    });
    const { phase, errors } = await backup.result();
    if (phase !== 'Completed')
      throw new Error(`backup ${name} ended ${phase} with ${errors} errors; nothing was changed`);
    try {
      await make();
    } catch (error) {
      const restore = await this.#bowline.restores.create({ name: `${name}-undo`, spec: { backupName: name } });
      await restore.result();
      throw error;
    }
  }

  /** Whether a backup of that name is there and whole. */
  async has(name: string): Promise<boolean> {
    try {
      return (await this.#bowline.backups.get(name)).phase === 'Completed';
    } catch (error) {
      if (error instanceof BowlineError && error.code === 'NotFound') return false;
      throw error;
    }
  }
}
