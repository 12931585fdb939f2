// The document's Markdown, as much of it as is used there: paragraphs, **bold**, `code` and [links](…).
import { Fragment, type ReactNode } from 'react';

const mark = /(\*\*[^*]+\*\*|`[^`]+`|\[[^\]]+\]\(https:\/\/[^)\s]+\))/;

function inline(text: string): ReactNode[] {
    return text.split(mark).map((part, index) => {
        if (part.startsWith('**')) return <strong key={index}>{part.slice(2, -2)}</strong>;
        if (part.startsWith('`')) return <Code key={index}>{part.slice(1, -1)}</Code>;
        const link = /^\[([^\]]+)\]\((https:\/\/[^)]+)\)$/.exec(part);
        if (!link) return <Fragment key={index}>{part}</Fragment>;
        return (
            <a
                key={index}
                href={link[2]}
                rel="noreferrer"
                className="text-accent underline underline-offset-2"
            >
                {link[1]}
            </a>
        );
    });
}

export function Code({ children }: { children: ReactNode }) {
    return (
        <code className="rounded-md bg-raised px-1.5 py-0.5 font-mono text-[0.85em] wrap-anywhere">
            {children}
        </code>
    );
}

export function Prose({ text, className = '' }: { text: string; className?: string }) {
    return (
        <div className={`flex flex-col gap-3 text-pretty text-muted ${className}`}>
            {text
                .trim()
                .split(/\n\s*\n/)
                .map((paragraph, index) => (
                    <p key={index}>{inline(paragraph)}</p>
                ))}
        </div>
    );
}
