import { type FormEvent, useState } from 'react';
import { isProblem } from '@client/api/problem';
import { Button } from '@/components/ui/Button';
import { Segments } from '@/components/ui/Choice';
import { Field } from '@/components/ui/Field';
import { Notice } from '@/components/ui/State';
import { useWords } from '@/lib/words';
import type { NewLive } from '../api';

const titleLimit = 120;
const descriptionLimit = 2000;
const priceLimit = 100_000;

/** Now in the form that <input type="datetime-local"> speaks. */
function localNow(): string {
    const now = new Date();
    return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function LiveForm({
    ready,
    busy,
    error,
    goLive,
    schedule,
}: {
    /** There is a picture to send. */
    ready: boolean;
    busy: boolean;
    error: unknown;
    goLive: (live: NewLive) => void;
    schedule: (live: NewLive) => void;
}) {
    const { t, problem } = useWords();
    const [title, setTitle] = useState('');
    const [description, setDescription] = useState('');
    const [price, setPrice] = useState('0');
    const [when, setWhen] = useState<'now' | 'later'>('now');
    const [at, setAt] = useState('');
    const [tried, setTried] = useState(false);
    const told = isProblem(error) ? (error.errors ?? []) : [];
    const toldFor = (field: string) => told.find((fault) => fault.field === field)?.detail;
    const noTitle = tried && !title.trim() ? t('auth.required') : undefined;
    const past = tried && when === 'later' && !(at > localNow()) ? t('studio.past') : undefined;

    const submit = (event: FormEvent) => {
        event.preventDefault();
        setTried(true);
        if (!title.trim() || (when === 'later' && !(at > localNow()))) return;
        const live: NewLive = {
            title: title.trim(),
            description: description.trim(),
            price: Math.min(priceLimit, Math.max(0, Math.floor(Number(price) || 0))),
        };
        if (when === 'now') goLive(live);
        else schedule({ ...live, scheduledFor: new Date(at).toISOString() });
    };

    return (
        <form onSubmit={submit} className="flex flex-col gap-5" noValidate>
            <Field
                label={t('studio.liveTitle')}
                value={title}
                onChange={setTitle}
                hint={t('studio.titleHint')}
                error={noTitle ?? toldFor('title')}
                maxLength={titleLimit}
                autoComplete="off"
            />
            <Field
                label={t('studio.description')}
                value={description}
                onChange={setDescription}
                lines={3}
                error={toldFor('description')}
                maxLength={descriptionLimit}
            />
            <Field
                label={t('studio.price')}
                type="number"
                inputMode="numeric"
                min="0"
                value={price}
                onChange={setPrice}
                hint={t('studio.priceHint')}
                error={toldFor('price')}
            />
            <Segments
                label={t('studio.when')}
                value={when}
                onChange={setWhen}
                options={[
                    { id: 'now', label: t('studio.now') },
                    { id: 'later', label: t('studio.later') },
                ]}
            />
            {when === 'later' && (
                <Field
                    label={t('studio.scheduledFor')}
                    type="datetime-local"
                    min={localNow()}
                    value={at}
                    onChange={setAt}
                    error={past ?? toldFor('scheduledFor')}
                />
            )}
            {!!error && <Notice>{problem(error)}</Notice>}
            {when === 'now' ? (
                <Button
                    type="submit"
                    look="primary"
                    size="lg"
                    icon="bolt"
                    busy={busy}
                    isDisabled={!ready}
                    data-testid="go-live"
                >
                    {busy ? t('studio.starting') : t('studio.goLive')}
                </Button>
            ) : (
                <Button type="submit" look="primary" size="lg" icon="calendar" busy={busy}>
                    {t('studio.schedule')}
                </Button>
            )}
        </form>
    );
}
