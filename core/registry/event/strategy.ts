import type { Event } from '../../api/generated/core-v1.ts';
import { strategyFor } from '../strategy.ts';

export const eventStrategy = strategyFor<Event>({ withoutGarbageCollection: true });
