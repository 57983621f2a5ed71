import { TurnError, type TurnErrorCode } from '../errors.ts';
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

/** An error on its way to another thread: cloning would lose its `code`. */
export interface CarriedError {
  readonly message: string;
  readonly code: string | undefined;
}

/** What of an error can cross. */
export function carry(error: unknown): CarriedError {
  const { message, code } = (error instanceof Error ? error : new Error(String(error))) as Error & { code?: unknown };
  return { message, code: typeof code === 'string' ? code : undefined };
}

/** The error again: ours with its class, the platform's with its `code`. */
export function uncarry({ message, code }: CarriedError): Error {
  if (code === undefined) return new Error(message);
  return code.startsWith('TURN_')
    ? new TurnError(code as TurnErrorCode, message)
    : Object.assign(new Error(message), { code });
}

/** Main thread to worker. `id` is repeated in the answer. */
export type ToWorker =
  | { readonly type: 'metrics' | 'drain' | 'close'; readonly id: number }
  | { readonly type: 'reload'; readonly id: number; readonly change: Reload }
  | { readonly type: 'credential'; readonly id: number; readonly credential: Credential | undefined };

/** Worker to main thread. */
export type FromWorker =
  | { readonly type: 'open'; readonly addresses: readonly ListeningAddress[] }
  | { readonly type: 'failed'; readonly error: CarriedError }
  | { readonly type: 'done'; readonly id: number; readonly metrics?: Metrics; readonly error?: CarriedError }
  | { readonly type: 'authenticate'; readonly id: number; readonly request: AuthenticationRequest }
  | { readonly type: 'event'; readonly event: TurnServerEvent }
  | { readonly type: 'error'; readonly error: CarriedError };
