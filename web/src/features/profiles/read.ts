// A profile's free fields, read with care: their shapes are a model's own, and what is not understood is left out.

export function servicesOf(services: unknown): string[] {
    if (!Array.isArray(services)) return [];
    return services
        .map((service: unknown) => {
            if (typeof service === 'string') return service;
            const name = (service as { name?: unknown; title?: unknown } | null)?.name;
            return typeof name === 'string' ? name : '';
        })
        .filter(Boolean);
}

export function pricesOf(pricing: unknown): [name: string, tokens: number][] {
    if (typeof pricing !== 'object' || pricing === null) return [];
    return Object.entries(pricing).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
}

export interface Slot {
    day: string;
    hours: string;
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

export function scheduleOf(
    schedule: unknown,
    dayNames: readonly string[],
    when: (iso: string) => string,
): Slot[] {
    if (!Array.isArray(schedule)) return [];
    return schedule.flatMap((slot: unknown): Slot[] => {
        if (typeof slot === 'string') return [{ day: slot, hours: '' }];
        if (typeof slot !== 'object' || slot === null) return [];
        const { weekday, day, from, to, start, end, startsAt } = slot as Record<string, unknown>;
        const hours = [from ?? start, to ?? end].filter((hour) => typeof hour === 'string').join(' – ');
        if (typeof startsAt === 'string') return [{ day: when(startsAt), hours }];
        const index =
            typeof weekday === 'number' ? weekday : typeof day === 'number' ? day : namedDay(weekday ?? day);
        const name = index >= 0 ? dayNames[index % 7] : typeof day === 'string' ? day : undefined;
        return name ? [{ day: name, hours }] : [];
    });
}

function namedDay(day: unknown): number {
    if (typeof day !== 'string') return -1;
    return weekdays.findIndex((name) => name.slice(0, 3) === day.slice(0, 3).toLowerCase());
}
