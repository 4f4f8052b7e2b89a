"""Is the database as it should be? Looks at everything, changes nothing (`flask schema doctor`)."""

from nxloy_web.schema.doctor.complaint import Complaint
from nxloy_web.schema.doctor.examination import Examination, examine

__all__ = ["Complaint", "Examination", "examine"]
