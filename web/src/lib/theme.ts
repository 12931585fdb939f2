// The look follows the device until the person chooses otherwise.
export const themes = ['system', 'dark', 'light'] as const;
export type Theme = (typeof themes)[number];

const key = 'confidente.theme';

export function currentTheme(): Theme {
    const kept = localStorage.getItem(key);
    return kept === 'dark' || kept === 'light' ? kept : 'system';
}

export function applyTheme(theme: Theme): void {
    if (theme === 'system') {
        localStorage.removeItem(key);
        delete document.documentElement.dataset.theme;
    } else {
        localStorage.setItem(key, theme);
        document.documentElement.dataset.theme = theme;
    }
}
