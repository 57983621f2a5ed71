import type { ListenerTracker } from './listener-tracker.ts';

/** What may be assigned to an `on...` attribute. */
export type EventHandler<This, E> = ((this: This, event: E) => unknown) | null;

/** What an `on...` attribute reads as. Wide in its parameter, so that the classes fit the types of lib.dom. */
export type AnyEventHandler = ((event: Event) => unknown) | null;

/** What `addEventListener` takes. */
export type Listener<This, E> = ((this: This, event: E) => unknown) | { handleEvent(event: E): unknown } | null;

/** Third argument of `addEventListener`. */
export interface ListenerOptions {
  readonly capture?: boolean;
  readonly once?: boolean;
  readonly passive?: boolean;
  readonly signal?: AbortSignal;
}

/** The platform's `EventTarget` with the events of `Events` in its types, and `on...` attributes as HTML has them. */
export class TypedEventTarget<Events> extends EventTarget {
  /** Set by a class that must know whether anyone listens to one of its events. */
  protected tracker: ListenerTracker | undefined = undefined;
  #handlers: Map<string, { handler: AnyEventHandler; listener: (event: Event) => void }> | undefined = undefined;

  override addEventListener<K extends keyof Events & string>(
    type: K,
    listener: Listener<this, Events[K]>,
    options?: boolean | ListenerOptions,
  ): void;
  override addEventListener(type: string, listener: Listener<this, Event>, options?: boolean | ListenerOptions): void;
  override addEventListener(type: string, listener: unknown, options?: boolean | ListenerOptions): void {
    if (type === this.tracker?.type) this.tracker.add(listener, options);
    super.addEventListener(type, listener as (event: Event) => void, options as ListenerOptions);
  }

  override removeEventListener<K extends keyof Events & string>(
    type: K,
    listener: Listener<this, Events[K]>,
    options?: boolean | ListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: Listener<this, Event>,
    options?: boolean | ListenerOptions,
  ): void;
  override removeEventListener(type: string, listener: unknown, options?: boolean | ListenerOptions): void {
    if (type === this.tracker?.type) this.tracker.remove(listener, options);
    super.removeEventListener(type, listener as (event: Event) => void, options as ListenerOptions);
  }

  /** The value of an `on...` attribute. */
  protected handler(type: string): AnyEventHandler {
    return this.#handlers?.get(type)?.handler ?? null;
  }

  /** Sets an `on...` attribute: it takes its place among the listeners when it first becomes a function. */
  protected setHandler(type: string, value: unknown): void {
    const handler = typeof value === 'function' ? (value as NonNullable<AnyEventHandler>) : null;
    const current = this.#handlers?.get(type);
    if (current !== undefined) {
      current.handler = handler;
      if (handler !== null) return;
      this.#handlers?.delete(type);
      this.removeEventListener(type, current.listener);
    } else if (handler !== null) {
      const entry = {
        handler: handler as AnyEventHandler,
        listener: (event: Event): void => void entry.handler?.call(this as never, event),
      };
      this.#handlers ??= new Map();
      this.#handlers.set(type, entry);
      this.addEventListener(type, entry.listener);
    }
  }
}
