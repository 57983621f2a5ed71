export { type DiagnoseOptions, type Diagnosis, diagnose, type Finding } from './diagnose.ts';
export { discoverNatBehavior, type NatDiscoveryOptions } from './nat.ts';
