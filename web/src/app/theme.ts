// Dark or light: the system's wish, unless the user chose.
const key = 'confidente.theme';

export function applyTheme(): void {
    const chosen = localStorage.getItem(key);
    if (chosen) document.documentElement.dataset['theme'] = chosen;
}

export function toggleTheme(): void {
    const dark = document.documentElement.dataset['theme']
        ? document.documentElement.dataset['theme'] === 'dark'
        : matchMedia('(prefers-color-scheme: dark)').matches;
    localStorage.setItem(key, dark ? 'light' : 'dark');
    applyTheme();
}
