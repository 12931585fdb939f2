import { useState } from 'react';
import { initials } from '@client/format/format';

const tints = [
    'bg-[#7a2f63] text-[#ffe3f2]',
    'bg-[#8d2f45] text-[#ffe4e8]',
    'bg-[#5b3a86] text-[#f0e6ff]',
    'bg-[#2f5a77] text-[#e2f3ff]',
    'bg-[#7a4a1f] text-[#fff0dd]',
    'bg-[#2f6a58] text-[#def7ee]',
];

function tintOf(name: string): string {
    let sum = 0;
    for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
    return tints[sum % tints.length] ?? '';
}

/** A person's picture, or their initials on a tint of their own. Decorative: the name stands beside it. */
export function Avatar({
    name,
    src,
    className = 'size-10 text-sm',
}: {
    name: string;
    src?: string | null;
    className?: string;
}) {
    const [broken, setBroken] = useState<string | null>(null);
    const shape = `inline-flex shrink-0 select-none items-center justify-center overflow-hidden rounded-full font-semibold ${className}`;
    if (src && broken !== src)
        return <img src={src} alt="" className={`${shape} object-cover`} onError={() => setBroken(src)} />;
    return (
        <span className={`${shape} ${tintOf(name)}`} aria-hidden="true">
            {initials(name) || '·'}
        </span>
    );
}
