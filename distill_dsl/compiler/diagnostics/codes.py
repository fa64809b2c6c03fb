"""The codes of all diagnostics."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final


class Severity(StrEnum):
    """An error stops the compilation; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Code(Enum):
    """Every code with what it means. A number, once published, keeps its meaning."""

    # 00x: files
    UNREADABLE_FILE = "MTD001", "a spec is missing, unreadable, too large or no text"
    IMPORT_CYCLE = "MTD002", "files import each other in a circle"
    UNKNOWN_EDITION = "MTD003", "`mtd N` names an edition that this version cannot read, or stands in a wrong place"
    TOO_MANY_FILES = "MTD004", "imports of imports beyond any use"
    UNFIT_PATH = "MTD005", "a path of a folder where a file is needed, or of a file that cannot be read"
    # 01x: syntax
    SYNTAX = "MTD010", "something else was expected here"
    STRAY_CHARACTER = "MTD011", "a character that means nothing in the language"
    QUOTES = "MTD012", "a text that is not in straight double quotes, or not closed"
    COLON_FOR_EQUALS = "MTD013", "`:` where the language writes `=`"
    EQUALS_FOR_COLON = "MTD014", "`=` where the language writes `:`"
    MISSING_BRACE = "MTD015", "a block that is not opened or not closed"
    STRAY_BRACE = "MTD016", "a closing bracket that closes nothing"
    UNKNOWN_KEYWORD = "MTD017", "a statement starts with a word that starts none"
    UNKNOWN_UNIT = "MTD018", "a number with a unit that does not exist"
    DASH_IN_NAME = "MTD019", "a name with `-` in it"
    MISSING_EQUALS = "MTD020", "a key without `=`"
    TOO_DEEP = "MTD021", "brackets within brackets beyond any use"
    UNKNOWN_ESCAPE = "MTD022", "a backslash before a character that it does not change"
    BAD_NUMBER = "MTD023", "a number that is too large, or written with separators"
    OUTSIDE_BLOCK = "MTD024", "a key that stands in no block"
    SEPARATOR = "MTD025", "a separator that the language does not use, or a missing comma"
    # 03x: names
    UNKNOWN_KEY = "MTD030", "a key that the block does not have"
    DUPLICATE_KEY = "MTD031", "a key given twice"
    MISSING_KEY = "MTD032", "a block without a key that it needs"
    DUPLICATE_NAME = "MTD033", "two blocks or params of one name"
    UNDEFINED = "MTD034", "a name that nothing defines"
    WRONG_KIND = "MTD035", "a name of another kind of thing"
    COPY_CYCLE = "MTD036", "blocks that copy each other in a circle"
    UNKNOWN_SPLIT = "MTD037", "a split that the data does not have"
    NAME_TOO_LONG = "MTD038", "a name too long to be part of a file name"
    # 04x: values
    WRONG_TYPE = "MTD040", "a value of another type than the key takes"
    OUT_OF_RANGE = "MTD041", "a number outside of what the key allows"
    UNKNOWN_CALL = "MTD042", "a call that the key does not take"
    WRONG_ARGUMENT = "MTD043", "an argument that the call does not take, or takes once, or lacks"
    EMPTY_LIST = "MTD044", "a list that needs at least one element"
    DUPLICATE_ELEMENT = "MTD045", "an element given twice"
    WRONG_PARAM_TYPE = "MTD046", "a param's value that is not of its type"
    ENVIRONMENT = "MTD048", "an environment variable where the spec must say what is run"
    SECRET = "MTD049", "a secret that is written into a spec"
    BAD_PUBLISHED = "MTD047", "a published figure that fits no cell of the experiment"
    # 05x: meaning
    UNTAUGHT_THOUGHT = "MTD050", "a strategy over a thought that a mix does not teach"
    TEST_IS_TRAINING = "MTD051", "a test split that is also trained on"
    SAME_CUE = "MTD052", "two thoughts of one mix with the same cue"
    COLLIDING_NAMES = "MTD053", "names that would share a file or a metric"
    NO_RECORDING = "MTD054", "a recorded teacher without completions for a thought"
    ONE_FILE_TWO_SPLITS = "MTD055", "a single file used as two splits"
    IDLE_VARY = "MTD056", "a varied param that the experiment does not use"
    NO_EXPERIMENT = "MTD057", "a spec without an experiment, which has nothing to run"
    IDLE_STEPS = "MTD058", "a thought without prose whose calculations are to be checked"
    UNWRITABLE_THOUGHT = "MTD059", "a mix with thoughts that its teacher cannot write"
    # 06x: what cannot be run or written
    NOT_YET = "MTD060", "a construct that this version cannot run yet"
    STALE = "MTD061", "`dvc.yaml` is not what the spec compiles to"
    UNWRITABLE = "MTD062", "a file that cannot be written"
    FOREIGN_FILE = "MTD063", "a file that was not made by this program, and is not overwritten"
    EDITED_PARAMS = "MTD064", "`params.yaml` was changed by hand"
    NO_REVISION = "MTD065", "an earlier version of a spec that git does not have"
    # 07x: what can be run and is hardly meant (warnings)
    UNUSED = "MTD070", "a block, param, import or alias that no experiment uses"
    IDLE_SETTING = "MTD071", "a setting that changes nothing"
    REDUNDANT_ANSWER = "MTD072", "an answer that always equals a simpler one"
    SAME_TWICE = "MTD073", "two blocks of the same content, so that the same is done under two names"
    NO_SUCH_PATH = "MTD074", "a path at which there is nothing yet"
    MANY_TRAININGS = "MTD075", "more trainings than anybody has time for"
    ODD_HEADLINE = "MTD076", "a headline that looks at the gold answers"
    LIKE_CUES = "MTD077", "two thoughts of one mix with cues that some tokenizers do not tell apart"
    # 08x: what the data says (`mtd check`, where it is at hand)
    UNFIT_DATA = "MTD080", "data or completions that cannot be read as the spec says"
    LEAKED_PROBLEMS = "MTD081", "test problems that are also trained on"
    NEAR_PROBLEMS = "MTD082", "test problems that are nearly those that are trained on"
    MISSING_COMPLETIONS = "MTD083", "problems for which a teacher has nothing"
    STRAY_COMPLETIONS = "MTD084", "completions that are never used"
    REPEATED_PROBLEMS = "MTD085", "a split that holds problems more than once"
    # 09x: trainings that need others
    TRAINING_CYCLE = "MTD090", "a training that waits for itself"
    UNFIT_STUDENT = "MTD091", "a student where its objective does not fit"
    NOTHING_TO_LEARN = "MTD092", "an objective or answer without that from which it learns"

    def __init__(self, number: str, meaning: str) -> None:
        self.number = number
        self.meaning = meaning

    @property
    def title(self) -> str:
        """The name as people write it: `colon-for-equals`."""
        return self.name.lower().replace("_", "-")


GROUPS: Final = {
    "files": range(10),
    "syntax": range(10, 30),
    "names": range(30, 40),
    "values": range(40, 50),
    "meaning": range(50, 60),
    "running and writing": range(60, 70),
    "hardly meant": range(70, 80),
    "data": range(80, 90),
    "trainings": range(90, 100),
}
"""What the codes of a range are about."""
