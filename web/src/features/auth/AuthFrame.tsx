import type { ReactNode } from 'react';
import { Logo } from '@/components/ui/Icon';
import { useWords } from '@/lib/words';

/** Forms of signing in and up: the words on one side, on wide screens the mood of the place on the other. */
export function AuthFrame({ title, text, children }: { title: string; text: string; children: ReactNode }) {
    const { t } = useWords();
    return (
        <div className="grid min-h-[calc(100dvh-4rem)] md:min-h-dvh lg:grid-cols-[minmax(0,1fr)_minmax(0,1.1fr)]">
            <div className="flex flex-col justify-center px-5 py-8 sm:px-10">
                <div className="mx-auto w-full max-w-md animate-rise">
                    <h1 className="text-3xl">{title}</h1>
                    <p className="mt-2 mb-7 text-muted">{text}</p>
                    {children}
                </div>
            </div>
            <div
                className="relative m-4 hidden overflow-hidden rounded-[2rem] bg-[#1d0c26] lg:block"
                aria-hidden="true"
            >
                <Mood />
                <div className="absolute inset-x-0 bottom-0 p-12">
                    <Logo className="mb-6 size-14" />
                    <p className="max-w-md font-display text-[2.6rem] leading-[1.08] font-semibold tracking-tight text-[#fff3f7]">
                        {t('auth.quote')}
                    </p>
                </div>
            </div>
        </div>
    );
}

/** Soft stage lights, drawn: no picture to load. */
function Mood() {
    return (
        <svg
            className="absolute inset-0 size-full"
            preserveAspectRatio="xMidYMid slice"
            viewBox="0 0 800 1000"
        >
            <defs>
                <radialGradient id="mood-a" cx="30%" cy="20%" r="60%">
                    <stop offset="0" stopColor="#ff7a6b" stopOpacity=".95" />
                    <stop offset="1" stopColor="#ff7a6b" stopOpacity="0" />
                </radialGradient>
                <radialGradient id="mood-b" cx="85%" cy="30%" r="65%">
                    <stop offset="0" stopColor="#c02c93" stopOpacity=".9" />
                    <stop offset="1" stopColor="#c02c93" stopOpacity="0" />
                </radialGradient>
                <radialGradient id="mood-c" cx="50%" cy="70%" r="60%">
                    <stop offset="0" stopColor="#4a1c66" />
                    <stop offset="1" stopColor="#1d0c26" stopOpacity="0" />
                </radialGradient>
            </defs>
            <rect width="800" height="1000" fill="url(#mood-c)" />
            <rect width="800" height="1000" fill="url(#mood-b)" />
            <rect width="800" height="1000" fill="url(#mood-a)" />
            <g fill="none" stroke="#fff" strokeOpacity=".13">
                {[150, 235, 330, 440, 570].map((radius) => (
                    <circle key={radius} cx="470" cy="330" r={radius} />
                ))}
            </g>
            <circle cx="470" cy="330" r="78" fill="#fff" fillOpacity=".12" />
            <path
                fill="#fff4f6"
                fillOpacity=".95"
                d="M470 287a32 32 0 0 0-18.500 58l-11.300 37c-1.500 4.600 2 9.500 7 9.500h45.500c5 0 8.500-4.900 7-9.500l-11.300-37A32 32 0 0 0 470 287z"
            />
        </svg>
    );
}
