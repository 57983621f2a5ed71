export type { AssociationState } from './association/context.ts';
export type { PathMtuState } from './association/path-mtu.ts';
export { Association } from './association.ts';
export { CAUSE } from './chunks/error-cause.ts';
export { SctpError, type SctpErrorCode } from './errors.ts';
export type { AssociationOptions, PathMtuOptions, RtoOptions } from './options.ts';
export type { AssociationStats } from './stats.ts';
export type { TraceName } from './trace.ts';
