import type { MediaScenario } from '../media-scenario.ts';
import { callScenarios } from './calls.ts';
import { changeScenarios } from './changes.ts';
import { codecScenarios } from './codecs.ts';
import { detailScenarios } from './details.ts';
import { lossScenarios } from './loss.ts';
import { relayScenarios } from './relay.ts';
import { simulcastScenarios } from './simulcast.ts';

/** Every scenario with media, in the order of the table; those of the table of codecs come first. */
export const mediaScenarios: readonly MediaScenario[] = [
  ...codecScenarios,
  ...callScenarios,
  ...changeScenarios,
  ...simulcastScenarios,
  ...lossScenarios,
  ...detailScenarios,
  ...relayScenarios,
];
