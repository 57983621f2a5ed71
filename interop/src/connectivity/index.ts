import { relayScenarios } from './relays.ts';
import { routeScenarios } from './routes.ts';
import type { ConnectivityScenario } from './scenario.ts';

/** Every scenario about ways to connect, in the order of the table. */
export const connectivityScenarios: readonly ConnectivityScenario[] = [...routeScenarios, ...relayScenarios];
