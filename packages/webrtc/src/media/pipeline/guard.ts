/** Calls code of the application: what it throws is an uncaught exception of its own, and disturbs nothing here. */
export function guard(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
