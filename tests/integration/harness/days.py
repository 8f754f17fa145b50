"""Days of the calendar, as business time has them: no year is 365 days long because most are."""
import datetime


def today(stack):
    """To ask for days ahead of it. What an order got is counted from created(): it may be made after midnight."""
    return datetime.datetime.fromtimestamp(stack.now(), datetime.timezone.utc).date()


def created(info):
    """The day on which an order was made, of what the API shows of it."""
    at = datetime.datetime.fromisoformat(info["date_created"])
    return at.astimezone(datetime.timezone.utc).date()


def after_days(date, days):
    return date + datetime.timedelta(days)


def a_year_after(date):
    """Of 29 February, where there is none: 1 March."""
    try:
        return date.replace(year=date.year + 1)
    except ValueError:
        return datetime.date(date.year + 1, 3, 1)
