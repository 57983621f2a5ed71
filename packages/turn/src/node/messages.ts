import type { Credential, TurnServerEvent } from '../server/index.ts';
import type { AuthenticationRequest, ListeningAddress, Metrics, Reload, TurnServerSettings } from './options.ts';

/** What a worker is started with. */
export interface WorkerStart {
  readonly settings: TurnServerSettings;
  /** Whether the main thread looks users up. */
  readonly authenticates: boolean;
  /** Whether the main thread wants to hear of events. */
  readonly tells: boolean;
}

/** Main thread to worker. `id` is repeated in the answer. */
export type ToWorker =
  | { readonly type: 'metrics' | 'drain' | 'close'; readonly id: number }
  | { readonly type: 'reload'; readonly id: number; readonly change: Reload }
  | { readonly type: 'credential'; readonly id: number; readonly credential: Credential | undefined };

/** Worker to main thread. */
export type FromWorker =
  | { readonly type: 'open'; readonly addresses: readonly ListeningAddress[] }
  | { readonly type: 'failed'; readonly error: Error }
  | { readonly type: 'done'; readonly id: number; readonly metrics?: Metrics; readonly error?: Error }
  | { readonly type: 'authenticate'; readonly id: number; readonly request: AuthenticationRequest }
  | { readonly type: 'event'; readonly event: TurnServerEvent }
  | { readonly type: 'error'; readonly error: Error };
