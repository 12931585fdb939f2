import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
    { ignores: ['dist', 'node_modules'] },
    ...tseslint.configs.strict,
    a11y.flatConfigs.recommended,
    // RTK Query names a query without arguments `void`.
    { rules: { '@typescript-eslint/no-invalid-void-type': 'off' } },
    { plugins: { 'react-hooks': hooks }, rules: { 'react-hooks/rules-of-hooks': 'error', 'react-hooks/exhaustive-deps': 'error' } },
);
