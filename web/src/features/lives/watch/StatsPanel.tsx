// How the picture arrives, for viewers who want to know and for those who are asked by support.
import { type ReactNode, useEffect, useId } from 'react';
import { IconButton } from '@/components/ui/Button';
import type { Quality } from '@/lib/media/received';
import { useWords } from '@/lib/words';

const width = 220;
const height = 36;

/** Pictures do not need more digits than this. */
const rounded = (value: number) => Math.round(value * 10) / 10;

function linePath(values: readonly number[], top: number): string {
    const x = (index: number) => rounded((index / Math.max(1, values.length - 1)) * width);
    const y = (value: number) => rounded(height - 1 - (Math.min(value, top) / top) * (height - 2));
    return values.map((value, index) => `${index === 0 ? 'M' : 'L'}${x(index)} ${y(value)}`).join('');
}

function Plot({ values, label }: { values: readonly number[]; label: string }) {
    const top = Math.max(...values, 1) * 1.1;
    const line = linePath(values, top);
    return (
        <svg
            role="img"
            aria-label={label}
            viewBox={`0 0 ${width} ${height}`}
            preserveAspectRatio="none"
            className="col-span-full h-9 w-full overflow-visible sm:mb-1"
        >
            <path d={`${line}V${height}H0Z`} className="fill-white/15" />
            <path
                d={line}
                className="fill-none stroke-white"
                strokeWidth="1.5"
                vectorEffect="non-scaling-stroke"
            />
        </svg>
    );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
    return (
        <div className="flex justify-between gap-3">
            <dt className="text-white/65">{name}</dt>
            <dd className="font-medium tabular-nums">{children}</dd>
        </div>
    );
}

export function StatsPanel({ history, close }: { history: readonly Quality[]; close: () => void }) {
    const { t, number } = useWords();
    const title = useId();
    useEffect(() => {
        const leave = (event: KeyboardEvent) => event.key === 'Escape' && close();
        document.addEventListener('keydown', leave);
        return () => document.removeEventListener('keydown', leave);
    }, [close]);
    const last = history.at(-1);
    const ms = (value: number) => t('stats.ms', { amount: number(Math.round(value)) });
    const kbps = (value: number) => t('stats.kbps', { amount: number(value) });
    const percent = (part: number) => t('stats.percent', { amount: number(rounded(part * 100)) });
    return (
        <section
            aria-labelledby={title}
            data-testid="player-stats"
            className="absolute inset-0 z-30 overflow-y-auto bg-black/80 px-4 py-2 text-xs text-white backdrop-blur-md sm:inset-auto sm:top-20 sm:left-5 sm:max-h-[calc(100%-10rem)] sm:w-72 sm:rounded-2xl sm:bg-black/75 sm:pb-4 sm:text-sm sm:shadow-2xl"
        >
            <div className="flex items-center justify-between">
                <h2 id={title} className="text-base font-semibold">
                    {t('stats.title')}
                </h2>
                <IconButton
                    look="glass"
                    icon="close"
                    label={t('stats.close')}
                    className="-mr-2 size-9"
                    onPress={close}
                />
            </div>
            {!last ? (
                <p className="py-3 text-white/75">{t('stats.measuring')}</p>
            ) : (
                <dl className="grid grid-cols-2 gap-x-6 gap-y-1 sm:grid-cols-1">
                    <Row name={t('stats.picture')}>
                        {last.now.width > 0
                            ? t('stats.pictureValue', {
                                  size: `${last.now.width} × ${last.now.height}`,
                                  fps: number(Math.round(last.now.fps)),
                              })
                            : '–'}
                    </Row>
                    <Row name={t('stats.rate')}>{kbps(last.kbps)}</Row>
                    <Plot
                        values={history.map((quality) => quality.kbps)}
                        label={t('stats.ratePlot', { amount: number(history.length) })}
                    />
                    <Row name={t('stats.loss')}>{percent(last.loss)}</Row>
                    <Row name={t('stats.freezes')}>
                        {t('stats.freezesValue', {
                            count: last.now.freezes,
                            amount: number(last.now.freezes),
                            seconds: number(rounded(last.now.frozenMs / 1000)),
                        })}
                    </Row>
                    <Row name={t('stats.roundTrip')}>
                        {last.now.roundTripMs === null ? '–' : ms(last.now.roundTripMs)}
                    </Row>
                    <Row name={t('stats.buffer')}>{ms(last.bufferMs)}</Row>
                    <Row name={t('stats.codec')}>{last.now.codec || '–'}</Row>
                    <Row name={t('stats.path')}>
                        {last.now.path ? t(`stats.paths.${last.now.path}`) : '–'}
                    </Row>
                </dl>
            )}
        </section>
    );
}
