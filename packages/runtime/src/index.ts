export { RuntimeError, type RuntimeErrorCode } from './errors.ts';
export { type Driver, type RunOptions, run } from './run.ts';
export { Slab } from './slab.ts';
