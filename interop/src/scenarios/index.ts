import type { Scenario } from '../scenario.ts';
import { channelScenarios } from './channels.ts';
import { closingScenarios } from './closing.ts';
import { connectingScenarios } from './connecting.ts';
import { messageScenarios } from './messages.ts';

/** Every scenario that ends with the peer alive, in the order of the table. */
export const scenarios: readonly Scenario[] = [
  ...connectingScenarios,
  ...messageScenarios,
  ...channelScenarios,
  ...closingScenarios,
];
