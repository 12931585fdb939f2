import { useEffect } from 'react';

/** The window's title while the page is shown; `undefined` waits for what it depends on. */
export function useTitle(title: string | undefined): void {
    useEffect(() => {
        if (title) document.title = `${title} · Live Confidente`;
        return () => {
            document.title = 'Live Confidente';
        };
    }, [title]);
}
