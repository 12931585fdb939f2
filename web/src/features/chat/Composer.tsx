import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../components/ui/ui';

export function Composer({
    onSend,
    onTyping,
    disabled,
}: {
    onSend: (text: string) => void;
    onTyping?: () => void;
    disabled?: boolean;
}) {
    const { t } = useTranslation();
    const [text, setText] = useState('');
    const submit = (event: FormEvent) => {
        event.preventDefault();
        const content = text.trim();
        if (!content) return;
        onSend(content);
        setText('');
    };
    return (
        <form onSubmit={submit} className="flex gap-2 border-t border-line p-3">
            <input
                aria-label={t('chat.write')}
                placeholder={t('chat.write')}
                data-testid="chat-input"
                value={text}
                maxLength={2000}
                disabled={disabled}
                onChange={(event) => {
                    setText(event.target.value);
                    onTyping?.();
                }}
                className="min-h-11 min-w-0 flex-1 rounded-full border border-line bg-ground px-4"
            />
            <Button
                type="submit"
                data-testid="chat-send"
                disabled={disabled ?? false}
                aria-label={t('chat.send')}
            >
                <svg viewBox="0 0 24 24" className="size-5" fill="currentColor" aria-hidden>
                    <path d="M3 20l19-8L3 4l3 8-3 8zm4.500-7H14v-2H7.500z" />
                </svg>
            </Button>
        </form>
    );
}
