import { RuleError } from './errors.js';

/**
 * The moment of a time of day on the day it is now in a time zone.
 *
 * @throws RuleError for a zone unknown here.
 */
export function timeToday(now: Date, hour: number, minute: number, timeZone: string): Date {
  const wall = wallClock(now, timeZone);
  const wanted = Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate(), hour, minute);
  // Twice, because the zone's offset at the wanted time may differ from the one now.
  const first = wanted - (wallClock(new Date(wanted), timeZone).getTime() - wanted);
  return new Date(wanted - (wallClock(new Date(first), timeZone).getTime() - first));
}

/** The zone's wall clock at a moment, as if it were UTC. */
function wallClock(moment: Date, timeZone: string): Date {
  try {
    const parts = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      dateStyle: 'short',
      timeStyle: 'medium',
      hourCycle: 'h23',
    }).formatToParts(moment);
    const part = (type: string): string => parts.find((one) => one.type === type)!.value;
    const time = `${part('hour')}:${part('minute')}:${part('second')}`;
    return new Date(`${part('year')}-${part('month')}-${part('day')}T${time}Z`);
  } catch (error) {
    throw new RuleError(`Unknown time zone ${JSON.stringify(timeZone)}`, { cause: error });
  }
}
