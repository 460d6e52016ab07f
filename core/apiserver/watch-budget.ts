import { TurnBudget } from '../machinery/turn-budget.ts';

/**
 * What all watches together send in one turn of the event loop, in bytes: as much as is encrypted in a few milliseconds.
 * Fifty changes that a thousand watch are 150 MB: handed to the connections all at once, they are one long turn.
 */
export const watchBudget = new TurnBudget(2 * 1024 * 1024);
