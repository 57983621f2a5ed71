import type { MediaScenario } from '../media-scenario.ts';
import { codecScenarios } from './codecs.ts';

/** Every scenario with media, in the order of the table; those of the table of codecs come first. */
export const mediaScenarios: readonly MediaScenario[] = [...codecScenarios];
