/** Calls code of the application: what it throws is an uncaught exception of its own, and disturbs nothing here. */
export function guard(call: () => void): void {
  try {
    call();
  } catch (error) {
    throwLater(error);
  }
}

/** For what is called so often that a closure for `guard` would cost. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
