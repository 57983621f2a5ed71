import type { ListeningAddress, Metrics, Reload } from './options.ts';

/** What one thread runs, here or in a worker. */
export interface Part {
  readonly addresses: readonly ListeningAddress[];
  metrics(): Metrics | Promise<Metrics>;
  reload(change: Reload): Promise<void>;
  drain(): Promise<void>;
  close(): void | Promise<void>;
}
