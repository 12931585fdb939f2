// The person's own picture: choosing a file shows it at once, and sends it.
import { type ChangeEvent, useEffect, useRef, useState } from 'react';
import type { User } from '@client/api/types';
import { toast, useAppDispatch } from '@/app/store';
import { Avatar } from '@/components/ui/Avatar';
import { Button, Spinner } from '@/components/ui/Button';
import { tokens } from '@/lib/session';
import { useWords } from '@/lib/words';
import { useRemoveAvatarMutation, useSaveAvatarMutation } from './api';

const kinds = ['image/jpeg', 'image/png', 'image/webp'];
const maxBytes = 10 * 1024 * 1024;

/** What is wrong with the file before it is sent; nothing when it may go. */
function fault(file: File): 'unsupported_picture' | 'picture_too_large' | null {
    if (!kinds.includes(file.type)) return 'unsupported_picture';
    return file.size > maxBytes ? 'picture_too_large' : null;
}

export function AvatarField({ user }: { user: User }) {
    const { t, problem } = useWords();
    const dispatch = useAppDispatch();
    const input = useRef<HTMLInputElement>(null);
    const [preview, setPreview] = useState<string | null>(null);
    const [save, saving] = useSaveAvatarMutation();
    const [remove, removing] = useRemoveAvatarMutation();
    useEffect(() => () => void (preview && URL.revokeObjectURL(preview)), [preview]);

    const done = (answer: { data?: User; error?: unknown }) => {
        setPreview(null);
        if (answer.data) tokens.saveUser({ ...user, ...answer.data });
        dispatch(answer.data ? toast(t('app.saved'), 'good') : toast(problem(answer.error), 'bad'));
    };
    const choose = async (event: ChangeEvent<HTMLInputElement>) => {
        const file = event.target.files?.[0];
        event.target.value = '';
        if (!file) return;
        const wrong = fault(file);
        if (wrong) return void dispatch(toast(t(`errors.${wrong}`), 'bad'));
        setPreview(URL.createObjectURL(file));
        done(await save({ id: user.id, picture: file }));
    };
    return (
        <div className="flex items-center gap-5">
            <span className="relative shrink-0">
                <Avatar
                    name={user.profile.name}
                    src={preview ?? user.profile.avatar}
                    className="size-24 text-3xl"
                />
                {saving.isLoading && (
                    <span className="absolute inset-0 flex items-center justify-center rounded-full bg-black/55 text-white">
                        <Spinner className="size-7" />
                        <span role="status" className="sr-only">
                            {t('account.sendingPicture')}
                        </span>
                    </span>
                )}
            </span>
            <div className="flex min-w-0 flex-col items-start gap-2">
                <div className="flex flex-wrap gap-2">
                    <Button size="sm" isDisabled={saving.isLoading} onPress={() => input.current?.click()}>
                        {t(user.profile.avatar ? 'account.changePicture' : 'account.addPicture')}
                    </Button>
                    {user.profile.avatar && (
                        <Button
                            size="sm"
                            look="ghost"
                            busy={removing.isLoading}
                            onPress={() => void remove(user.id).then(done)}
                        >
                            {t('account.removePicture')}
                        </Button>
                    )}
                </div>
                <p className="text-sm text-pretty text-muted">{t('account.pictureText')}</p>
                <input
                    ref={input}
                    type="file"
                    hidden
                    accept={kinds.join(',')}
                    aria-label={t('account.addPicture')}
                    data-testid="avatar-file"
                    onChange={(event) => void choose(event)}
                />
            </div>
        </div>
    );
}
