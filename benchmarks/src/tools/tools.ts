import type { Scenario } from '../scenarios.ts';
import { compareRuns } from './compare.ts';
import { writePlots } from './plots.ts';
import { profile } from './profile.ts';

/** How long a profiled throughput runs. */
const PROFILED_SECONDS = 8;

/** `pnpm bench compare|profile|plots`. Returns the exit code, `undefined` when the arguments ask for none of them. */
export async function runTool(args: readonly string[], scenarios: readonly Scenario[]): Promise<number | undefined> {
  const [tool, first, second] = args.filter((arg) => arg !== '--');
  try {
    switch (tool) {
      case 'compare':
        if (first === undefined || second === undefined) throw new Error('compare what? two runs of results/history/');
        console.log(compareRuns(first, second));
        return 0;
      case 'profile': {
        const scenario = scenarios.find(({ id }) => id === first);
        if (scenario === undefined) throw new Error(`profile what? ${scenarios.map(({ id }) => id).join(', ')}`);
        console.log(await profile(scenario, PROFILED_SECONDS));
        return 0;
      }
      case 'plots':
        console.log(writePlots().join('\n'));
        return 0;
      default:
        return undefined;
    }
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
}
