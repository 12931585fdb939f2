// A choice of one among few, and a choice from a list.
import {
    Button,
    Label,
    ListBox,
    ListBoxItem,
    Popover,
    Select as AriaSelect,
    SelectValue,
    ToggleButton,
    ToggleButtonGroup,
} from 'react-aria-components';
import { Icon, type IconName } from './Icon';

export interface Option<T extends string> {
    id: T;
    label: string;
}

export function Select<T extends string>({
    label,
    options,
    value,
    onChange,
    icon,
    isDisabled,
}: {
    label: string;
    options: Option<T>[];
    value: T | null;
    onChange: (value: T) => void;
    icon?: IconName;
    isDisabled?: boolean;
}) {
    return (
        <AriaSelect
            className="flex min-w-0 flex-col gap-1.5"
            value={value}
            onChange={(key) => key !== null && onChange(String(key) as T)}
            isDisabled={isDisabled || options.length === 0}
        >
            <Label className="text-sm font-semibold">{label}</Label>
            <Button className="flex h-12 w-full min-w-0 items-center gap-2.5 rounded-control border border-line bg-surface px-4 text-left transition-colors hover:border-faint disabled:opacity-50">
                {icon && <Icon name={icon} className="size-5 text-muted" />}
                <SelectValue className="min-w-0 flex-1 truncate data-[placeholder]:text-faint" />
                <Icon name="down" className="size-4 text-muted" />
            </Button>
            <Popover className="min-w-(--trigger-width) rounded-control border border-line bg-surface p-1.5 shadow-2xl data-[entering]:animate-rise">
                <ListBox items={options} className="max-h-72 overflow-auto outline-none">
                    {(option) => (
                        <ListBoxItem
                            id={option.id}
                            textValue={option.label}
                            className="flex cursor-pointer items-center gap-2 rounded-[0.6rem] px-3 py-2.5 outline-none data-[focused]:bg-raised data-[selected]:font-semibold data-[selected]:text-accent"
                        >
                            {option.label}
                        </ListBoxItem>
                    )}
                </ListBox>
            </Popover>
        </AriaSelect>
    );
}

export function Segments<T extends string>({
    label,
    options,
    value,
    onChange,
}: {
    label: string;
    options: Option<T>[];
    value: T;
    onChange: (value: T) => void;
}) {
    return (
        <div className="flex flex-col gap-1.5">
            <span className="text-sm font-semibold" aria-hidden="true">
                {label}
            </span>
            <ToggleButtonGroup
                aria-label={label}
                selectionMode="single"
                disallowEmptySelection
                selectedKeys={[value]}
                onSelectionChange={(keys) => {
                    const [key] = keys;
                    if (key !== undefined) onChange(String(key) as T);
                }}
                className="flex rounded-full bg-raised p-1"
            >
                {options.map((option) => (
                    <ToggleButton
                        key={option.id}
                        id={option.id}
                        className="h-10 flex-1 rounded-full px-4 text-sm font-medium whitespace-nowrap text-muted transition-colors hover:text-ink data-[selected]:bg-surface data-[selected]:text-ink data-[selected]:shadow-sm"
                    >
                        {option.label}
                    </ToggleButton>
                ))}
            </ToggleButtonGroup>
        </div>
    );
}
