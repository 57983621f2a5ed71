/**
 * Lets a module make objects of a class that users may not construct. The class's constructor takes no arguments, as in the
 * standard, and asks for what it was given here.
 */
export class Construction<Init> {
  #init: { readonly value: Init } | undefined = undefined;

  /** Makes an object; its constructor has to call `take`. */
  make<T>(type: new () => T, value: Init): T {
    this.#init = { value };
    return new type();
  }

  /** What `make` was given. Throws TypeError when the constructor was called by someone else. */
  take(): Init {
    const init = this.#init;
    this.#init = undefined;
    if (init === undefined) throw new TypeError('Illegal constructor');
    return init.value;
  }
}
