import { Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import { IconButton } from '@/components/ui/Button';
import { Icon } from '@/components/ui/Icon';
import { type Layers, linesOf } from '@/lib/media/layers';
import { useWords } from '@/lib/words';

const automatic = 'auto';

/** Which quality at most; nothing to see where there is nothing to choose. */
export function QualityMenu({
    layers,
    lines,
    choose,
    within,
}: {
    layers: Layers | null;
    /** The limit, in lines; null = automatic. */
    lines: number | null;
    choose: (lines: number | null) => void;
    /** Full screen shows only what is inside of its element. */
    within: React.RefObject<HTMLElement | null>;
}) {
    const { t } = useWords();
    const sizes = (layers?.layers ?? []).map(linesOf).filter((size) => size > 0);
    if (!layers || sizes.length < 2) return null;
    const shown = layers.layers.find((layer) => layer.encodingId === layers.shown);
    const name = (size: number) => t('live.lines', { lines: size });
    const now = shown ? name(linesOf(shown)) : t('live.soundOnly');
    const selected = lines === null ? automatic : String(best(sizes, lines));
    const label = lines === null ? t('live.automaticNow', { now }) : name(best(sizes, lines));
    const options = [
        { id: automatic, text: t('live.automatic') },
        ...[...sizes].reverse().map((size) => ({ id: String(size), text: name(size) })),
    ];
    return (
        <MenuTrigger>
            <IconButton
                look="glass"
                icon="quality"
                label={t('live.quality', { chosen: label })}
                data-testid="quality"
            />
            <Popover
                UNSTABLE_portalContainer={within.current ?? undefined}
                placement="top end"
                className="min-w-44 rounded-control border border-line bg-surface p-1.5 text-ink shadow-2xl data-[entering]:animate-rise"
            >
                <Menu
                    items={options}
                    aria-label={t('live.qualityTitle')}
                    selectionMode="single"
                    disallowEmptySelection
                    selectedKeys={[selected]}
                    onAction={(chosen) => choose(chosen === automatic ? null : Number(chosen))}
                    className="outline-none"
                >
                    {(option) => (
                        <MenuItem
                            id={option.id}
                            textValue={option.text}
                            className="group flex cursor-pointer items-center gap-2 rounded-[0.6rem] px-3 py-2.5 outline-none data-[focused]:bg-raised data-[selected]:font-semibold data-[selected]:text-accent"
                        >
                            <span className="flex-1">
                                {option.text}{' '}
                                {option.id === automatic && (
                                    <span className="ml-2 text-xs font-normal text-muted">{now}</span>
                                )}
                            </span>
                            <span className="invisible group-data-[selected]:visible">
                                <Icon name="check" className="size-4" />
                            </span>
                        </MenuItem>
                    )}
                </Menu>
            </Popover>
        </MenuTrigger>
    );
}

/** What a limit comes to among the sizes there are: ascending. */
const best = (sizes: number[], lines: number): number =>
    sizes.filter((size) => size <= lines).at(-1) ?? sizes[0] ?? lines;
